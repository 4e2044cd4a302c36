#![doc = include_str!("../README.md")]

pub mod console;
pub mod model;
pub mod ports;
pub mod services;
pub mod usecase;
