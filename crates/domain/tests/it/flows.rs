//! All 512 combinations of the switches that decide the flows, against the tables of
//! `docs/BEHAVIOR.md` §3.2 and §3.3, written down here once more by hand.

use registrar_domain::model::uia::Stage::{
    self, Dummy as D, Email as E, Msisdn as M, Recaptcha as R, RegistrationToken as K, Terms as T,
};
use registrar_domain::model::uia::flow::{Flow, FlowError, FlowSettings, registration_flows};

type Stages = &'static [Stage];
type Decorators = (bool, bool, bool, bool);
type Base = Result<&'static [Stages], FlowError>;

const ERR_E: Base = Err(FlowError::EmailNotConfigured);
const ERR_M: Base = Err(FlowError::MsisdnNotConfigured);
/// Where Synapse drops the requirement silently, and this server refuses to start.
const ERR_X: Base = Err(FlowError::MsisdnDisabled);

/// (disable_msisdn, email, msisdn) → base flows for nothing, email, msisdn, both required.
const BASE: [((bool, bool, bool), [Base; 4]); 8] = [
    ((false, false, false), [Ok(&[&[D]]), ERR_E, ERR_M, ERR_E]),
    (
        (false, false, true),
        [Ok(&[&[D], &[M]]), ERR_E, Ok(&[&[M]]), ERR_E],
    ),
    (
        (false, true, false),
        [Ok(&[&[D], &[E]]), Ok(&[&[E]]), ERR_M, ERR_M],
    ),
    (
        (false, true, true),
        [
            Ok(&[&[D], &[E], &[M], &[M, E]]),
            Ok(&[&[E], &[M, E]]),
            Ok(&[&[M], &[M, E]]),
            Ok(&[&[M, E]]),
        ],
    ),
    ((true, false, false), [Ok(&[&[D]]), ERR_E, ERR_X, ERR_E]),
    ((true, false, true), [Ok(&[&[D]]), ERR_E, ERR_X, ERR_E]),
    (
        (true, true, false),
        [Ok(&[&[D], &[E]]), Ok(&[&[E]]), ERR_X, ERR_X],
    ),
    (
        (true, true, true),
        [Ok(&[&[D], &[E]]), Ok(&[&[E]]), ERR_X, ERR_X],
    ),
];

/// (token, captcha, consent, bypass) → what is put before each base flow, and the flow added last.
const DECORATORS: [(Decorators, Stages, Option<Stages>); 16] = [
    ((false, false, false, false), &[], None),
    ((false, false, false, true), &[], Some(&[K])),
    ((false, false, true, false), &[T], None),
    ((false, false, true, true), &[T], Some(&[T, K])),
    ((false, true, false, false), &[R], None),
    ((false, true, false, true), &[R], Some(&[R, K])),
    ((false, true, true, false), &[R, T], None),
    ((false, true, true, true), &[R, T], Some(&[R, T, K])),
    ((true, false, false, false), &[K], None),
    ((true, false, false, true), &[K], Some(&[K])),
    ((true, false, true, false), &[K, T], None),
    ((true, false, true, true), &[K, T], Some(&[T, K])),
    ((true, true, false, false), &[K, R], None),
    ((true, true, false, true), &[K, R], Some(&[R, K])),
    ((true, true, true, false), &[K, R, T], None),
    ((true, true, true, true), &[K, R, T], Some(&[R, T, K])),
];

#[test]
fn every_combination_of_switches() {
    let (mut combinations, mut refused_like_the_reference, mut refused_on_purpose) = (0, 0, 0);
    for ((disable_msisdn, email_enabled, msisdn_enabled), bases) in BASE {
        for (required, base) in [(false, false), (true, false), (false, true), (true, true)]
            .into_iter()
            .zip(bases)
        {
            for ((token, captcha, consent, bypass), prefix, last) in DECORATORS {
                let settings = FlowSettings {
                    require_email: required.0,
                    require_msisdn: required.1,
                    disable_msisdn,
                    email_enabled,
                    msisdn_enabled,
                    token_3pid_bypass: bypass,
                    require_consent: consent,
                    require_captcha: captcha,
                    require_token: token,
                };
                let expected = base.map(|base| {
                    let decorated = base.iter().map(|flow| [prefix, *flow].concat());
                    let last = last.map(<[Stage]>::to_vec);
                    decorated.chain(last).map(Flow::new).collect::<Vec<_>>()
                });
                assert_eq!(registration_flows(&settings), expected, "{settings:?}");
                combinations += 1;
                match expected {
                    Err(FlowError::MsisdnDisabled) => refused_on_purpose += 1,
                    Err(_) => refused_like_the_reference += 1,
                    Ok(_) => {}
                }
            }
        }
    }
    assert_eq!(
        (combinations, refused_like_the_reference, refused_on_purpose),
        (512, 176, 96)
    );
}
