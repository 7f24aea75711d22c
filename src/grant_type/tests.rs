//! The token endpoint's judgement. The tables in `tests/vectors/` hold the plain cases; here are the reasons.

mod custom;
mod machine;
mod redeem;
mod refresh;

use super::{Issue, Refusal, Verdict};
use crate::record::EndReason;
use crate::wire::{ErrorCode, MalformedParameters, MalformedTokenRequest};

fn issued(verdict: Result<Verdict, Refusal>) -> Issue {
    match verdict {
        Ok(Verdict::Issue(issue)) => issue,
        other => panic!("no tokens: {other:?}"),
    }
}

fn refused(verdict: Result<Verdict, Refusal>) -> Refusal {
    match verdict {
        Err(refusal) => refusal,
        Ok(verdict) => panic!("not refused: {verdict:?}"),
    }
}

fn ended(verdict: Result<Verdict, Refusal>) -> (EndReason, Refusal) {
    match verdict {
        Ok(Verdict::End(reason, refusal)) => (reason, refusal),
        other => panic!("not ended: {other:?}"),
    }
}

/// The refusal after this one, so that a new one cannot be forgotten.
fn next(refusal: Refusal) -> Option<Refusal> {
    use MalformedTokenRequest as Malformed;
    Some(match refusal {
        Refusal::AccountInactive => Refusal::ClientReplaced,
        Refusal::ClientReplaced => Refusal::CodeAlreadyRedeemed,
        Refusal::CodeAlreadyRedeemed => Refusal::CodeExpired,
        Refusal::CodeExpired => Refusal::CodeVerifierMismatch,
        Refusal::CodeVerifierMismatch => Refusal::CodeVerifierMissing,
        Refusal::CodeVerifierMissing => Refusal::CustomGrantInvalid,
        Refusal::CustomGrantInvalid => Refusal::CustomRequestMalformed,
        Refusal::CustomRequestMalformed => Refusal::GrantEnded,
        Refusal::GrantEnded => Refusal::GrantTypeNotAllowed,
        Refusal::GrantTypeNotAllowed => Refusal::GrantTypeUnsupported,
        Refusal::GrantTypeUnsupported => Refusal::IssuedToAnotherClient,
        Refusal::IssuedToAnotherClient => Refusal::Malformed(Malformed::CodeMissing),
        Refusal::Malformed(Malformed::CodeMissing) => Refusal::Malformed(Malformed::GrantTypeMissing),
        Refusal::Malformed(Malformed::GrantTypeMissing) => {
            Refusal::Malformed(Malformed::Parameters(MalformedParameters::BadEscape))
        }
        Refusal::Malformed(Malformed::Parameters(_)) => Refusal::Malformed(Malformed::RefreshTokenMissing),
        Refusal::Malformed(Malformed::RefreshTokenMissing) => Refusal::Malformed(Malformed::Resource),
        Refusal::Malformed(Malformed::Resource) => Refusal::Malformed(Malformed::Scope),
        Refusal::Malformed(Malformed::Scope) => Refusal::ProofKeyMismatch,
        Refusal::ProofKeyMismatch => Refusal::RedirectUriMismatch,
        Refusal::RedirectUriMismatch => Refusal::RedirectUriMissing,
        Refusal::RedirectUriMissing => Refusal::RefreshTokenExpired,
        Refusal::RefreshTokenExpired => Refusal::RefreshTokenReused,
        Refusal::RefreshTokenReused => Refusal::RefreshTokenSuperseded,
        Refusal::RefreshTokenSuperseded => Refusal::ResourceAmbiguous,
        Refusal::ResourceAmbiguous => Refusal::ResourceNotGranted,
        Refusal::ResourceNotGranted => Refusal::RolledBack,
        Refusal::RolledBack => Refusal::ScopeNotGranted,
        Refusal::ScopeNotGranted => Refusal::UnknownCode,
        Refusal::UnknownCode => Refusal::UnknownRefreshToken,
        Refusal::UnknownRefreshToken => return None,
    })
}

fn every_refusal() -> impl Iterator<Item = Refusal> {
    std::iter::successors(Some(Refusal::AccountInactive), |refusal| next(*refusal))
}

#[test]
fn every_refusal_is_said_in_plain_words_that_need_no_escape() {
    covers!("RFC6749-4.1.2.1-12");
    for refusal in every_refusal() {
        let (code, words) = (refusal.code(), refusal.to_string());
        for text in [code.as_str(), &words] {
            assert!(
                !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            );
        }
        assert!(words.starts_with(|first: char| first.is_lowercase()) && !words.ends_with('.'), "{words}");
    }
}

#[test]
fn what_would_tell_a_prober_which_credential_is_valid_is_one_code() {
    let invalid_grant: Vec<_> = every_refusal().filter(|refusal| refusal.code() == ErrorCode::InvalidGrant).collect();

    assert_eq!(invalid_grant.len(), 16);
    for refusal in [
        Refusal::UnknownCode,
        Refusal::CodeExpired,
        Refusal::CodeAlreadyRedeemed,
        Refusal::GrantEnded,
        Refusal::IssuedToAnotherClient,
        Refusal::CodeVerifierMismatch,
        Refusal::RedirectUriMismatch,
        Refusal::UnknownRefreshToken,
        Refusal::RefreshTokenExpired,
        Refusal::RefreshTokenReused,
        Refusal::RefreshTokenSuperseded,
        Refusal::RolledBack,
        Refusal::ProofKeyMismatch,
        Refusal::ClientReplaced,
    ] {
        assert!(invalid_grant.contains(&refusal), "{refusal}");
    }
}
