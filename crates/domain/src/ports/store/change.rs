/// What becomes of a stored value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is replaced.
    Set(T),
}

impl<T> Change<T> {
    /// The new value, if there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
        }
    }

    /// The same change of something that is made of the value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Change<U> {
        self.into_option().map(make).into()
    }
}

impl<T, E> Change<Result<T, E>> {
    /// The change, or why there is no new value.
    ///
    /// # Errors
    /// That of the value.
    pub fn transpose(self) -> Result<Change<T>, E> {
        self.into_option().transpose().map(Change::from)
    }
}

impl<T> From<Option<T>> for Change<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Keep, Self::Set)
    }
}
