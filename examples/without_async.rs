//! The protocol without a server: no executor, no storage, no clock; only judgements and the records they lead to.
//!
//! ```text
//! cargo run --example without_async
//! ```
//!
//! A code is approved, redeemed, refreshed and replayed. What `AuthorizationServer` does around each judgement (load,
//! draw random bytes, save if nobody else did) is done by hand here, so that it can be seen.
//!
//! Not for production: constants stand where random bytes, the key and the clock belong.

use std::error::Error;
use std::fmt::Debug;

use grantsmith::grant_type::{Issue, RefreshPlan, Refusal, Verdict, authorization_code, refresh_token};
use grantsmith::policy::Policy;
use grantsmith::record::{
    AccessToken, Approval, Authentication, Client, Code, Credential, CredentialKind, EndReason, Grant, Identity,
    Locator, MaskingKey, Phase, PresentedRefresh, RefreshChain, UserApproval,
};
use grantsmith::value::{
    AuthenticationMethod, CodeVerifier, GrantId, GrantType, InstanceId, Lifetime, Realm, ResourceSet, Secret, Timestamp,
};
use grantsmith::wire::{CodeRequest, Parameters, RefreshRequest};

const VERIFIER: &str = "a-verifier-that-only-the-client-knows-until-now";
const REDIRECT_URI: &str = "https://app.example/callback";
const FAMILY: [u8; 16] = [7; 16];
const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn main() -> Result<(), Box<dyn Error>> {
    let world = World::new()?;
    let mallory = world.client("mallory", 2)?;
    let app = &world.app;

    println!("Alice approves. The record keeps digests; the client gets the code.");
    let (approved, code) = world.approve()?;
    check("the grant is", phase(&approved), "approved")?;

    println!("\nThe app redeems the code with the verifier of its challenge.");
    let stranger = world.redeem(&mallory, &approved, &code).err();
    check("a stranger is told", stranger, Some(Refusal::IssuedToAnotherClient))?;
    let issue = issued(world.redeem(app, &approved, &code)?)?;
    check("the app is given", issue.access.scope.as_str(), "notes.read notes.write")?;
    let (access, chain, first) = world.begin(&issue)?;
    let active = approved.redeemed_at(NOON, access, Some(chain)).ok_or("no code waits")?;
    check("the grant is", phase(&active), "active")?;

    println!("\nThe same code comes again, with its verifier: two parties hold it.");
    check("the verdict is", ended(world.redeem(app, &active, &code)?)?, EndReason::CodeReplayed)?;
    println!("  (a server would save the ended grant; the story goes on without)");

    println!("\nThe app refreshes: the token is spent, and a successor takes its place.");
    let later = NOON.after(Lifetime::minutes(9));
    let issue = issued(world.refresh(app, &active, &first, later)?)?;
    let (rotated, second) = world.rotate(&active, &issue, later)?;
    check("the grant is", phase(&rotated), "active")?;
    check("live access tokens", live(&rotated), 2)?;

    println!("\nSomebody uses the spent refresh token.");
    let stranger = world.refresh(&mallory, &rotated, &first, later).err();
    check("a stranger is told", stranger, Some(Refusal::IssuedToAnotherClient))?;
    let reason = ended(world.refresh(app, &rotated, &first, later)?)?;
    check("as the app, the verdict is", reason, EndReason::RefreshTokenReused)?;
    let over = rotated.ended_at(later, reason);
    check("the grant is", phase(&over), "ended")?;

    println!("\nNothing of the grant works any more, not even the live refresh token.");
    check("the app is told", world.refresh(app, &over, &second, later).err(), Some(Refusal::GrantEnded))?;
    check("and on the wire", Refusal::GrantEnded.code().as_str(), "invalid_grant")?;
    Ok(())
}

/// One client and what a server would hold.
struct World {
    realm: Realm,
    policy: Policy,
    masking: MaskingKey,
    app: Client,
}

impl World {
    fn new() -> Result<Self, Box<dyn Error>> {
        let realm: Realm = "https://as.example".parse()?;
        let app = public_client(&realm, "notes-app", 1)?;
        Ok(Self { realm, policy: Policy::default(), masking: MaskingKey::new(1, [3; 16]), app })
    }

    fn client(&self, name: &str, instance: u8) -> Result<Client, Box<dyn Error>> {
        public_client(&self.realm, name, instance)
    }

    /// What `decide` does once the user has said yes.
    fn approve(&self) -> Result<(Grant, Credential), Box<dyn Error>> {
        let secret = Secret::new([11; 32]);
        let code = Code {
            digest: CredentialKind::Code.digest(self.realm.fingerprint(), &secret),
            challenge: CodeVerifier::new(VERIFIER.into())?.challenge(),
            redirect_uri: REDIRECT_URI.parse()?,
            confirmation: None,
            expires_at: NOON.after(self.policy.code_lifetime),
        };
        let user = UserApproval {
            subject: "alice".parse()?,
            authentication: Authentication::at(NOON),
            requested_scope: self.app.scope.clone(),
            nonce: None,
        };
        let approval = Approval {
            scope: self.app.scope.clone(),
            resources: self.app.resources.clone(),
            user: Some(Box::new(user)),
        };
        let identity = Identity {
            id: GrantId::from_bytes([5; 12]),
            realm: &self.realm,
            client: self.app.id(),
            client_instance: self.app.instance,
            held_until: NOON.after(self.policy.interaction_lifetime),
        };
        let grant = Grant::approved_at(NOON, identity, approval, code);
        let locator = Locator::new(grant.id(), 0);
        let code = Credential::new("", CredentialKind::Code, &self.masking, &locator, &secret);
        Ok((grant, code))
    }

    fn redeem(&self, client: &Client, grant: &Grant, code: &Credential) -> Result<Verdict, Refusal> {
        let form = format!("grant_type=authorization_code&code={}&code_verifier={VERIFIER}", code.expose());
        let parameters =
            Parameters::parse(form.as_bytes()).map_err(|malformed| Refusal::Malformed(malformed.into()))?;
        let request = CodeRequest::read("", &parameters)?;
        // A server finds the grant by the locator inside the code; here there is only one.
        authorization_code::redeem(&request, client, Some(grant), None, &self.policy, NOON)
    }

    fn refresh(&self, client: &Client, grant: &Grant, token: &Credential, now: Timestamp) -> Result<Verdict, Refusal> {
        let form = format!("grant_type=refresh_token&refresh_token={}", token.expose());
        let parameters =
            Parameters::parse(form.as_bytes()).map_err(|malformed| Refusal::Malformed(malformed.into()))?;
        let request = RefreshRequest::read("", &parameters)?;
        let token = request.token.as_ref().ok_or(Refusal::UnknownRefreshToken)?;
        let locator = token.locator(&self.masking);
        let presented =
            PresentedRefresh { generation: locator.counter, family: &locator.family, secret: token.secret() };
        refresh_token::refresh(Some(&presented), &request.terms, client, Some(grant), None, None, &self.policy, now)
    }

    /// The first access token, the chain that begins, and the refresh token for the client.
    fn begin(&self, issue: &Issue) -> Result<(AccessToken, RefreshChain, Credential), Box<dyn Error>> {
        let RefreshPlan::Start { confirmation, idle, lifetime } = &issue.refresh else {
            return Err("the app may refresh, so a chain begins".into());
        };
        let realm = self.realm.fingerprint();
        let secret = Secret::new([21; 32]);
        let digest = CredentialKind::RefreshToken.digest(realm, &secret);
        let family = CredentialKind::family_digest(realm, &FAMILY);
        let chain = RefreshChain::started_at(NOON, digest, family, *confirmation, *idle, *lifetime);
        Ok((self.access_token(issue, 0, NOON), chain, self.refresh_token(0, &secret)))
    }

    /// The grant after a refresh, and the successor for the client.
    fn rotate(&self, grant: &Grant, issue: &Issue, now: Timestamp) -> Result<(Grant, Credential), Box<dyn Error>> {
        let RefreshPlan::Rotate { idle } = &issue.refresh else {
            return Err("a public client's refresh token rotates".into());
        };
        let Phase::Active(active) = grant.phase() else { return Err("the grant is active".into()) };
        let chain = active.refresh.as_ref().ok_or("the grant has a chain")?;
        let secret = Secret::new([22; 32]);
        let digest = CredentialKind::RefreshToken.digest(self.realm.fingerprint(), &secret);
        let next = chain.rotated_at(now, digest, None, Lifetime::ZERO, *idle);
        let successor = self.refresh_token(next.generation(), &secret);
        let access = self.access_token(issue, active.access.next_serial(), now);
        let grant = grant.refreshed_at(now, access, next, self.policy.most_live_access_tokens);
        Ok((grant.ok_or("the grant is active")?, successor))
    }

    fn access_token(&self, issue: &Issue, serial: u32, now: Timestamp) -> AccessToken {
        let secret = Secret::new([31; 32]);
        AccessToken {
            serial,
            digest: CredentialKind::AccessToken.digest(self.realm.fingerprint(), &secret),
            issued_at: now,
            expires_at: now.after(issue.access.lifetime),
            narrowed: None,
            confirmation: None,
        }
    }

    fn refresh_token(&self, generation: u32, secret: &Secret) -> Credential {
        let locator = Locator::of_refresh_token(GrantId::from_bytes([5; 12]), generation, FAMILY);
        Credential::new("", CredentialKind::RefreshToken, &self.masking, &locator, secret)
    }
}

fn public_client(realm: &Realm, name: &str, instance: u8) -> Result<Client, Box<dyn Error>> {
    let instance = InstanceId::from_bytes([instance; 16]);
    let mut client = Client::new(realm, name.parse()?, instance, AuthenticationMethod::None, NOON);
    client.grant_types = [GrantType::AuthorizationCode, GrantType::RefreshToken].into();
    client.redirect_uris = vec![REDIRECT_URI.parse()?];
    client.scope = "notes.read notes.write".parse()?;
    client.resources = ResourceSet::from("https://api.example/notes".parse::<grantsmith::value::Resource>()?);
    Ok(client)
}

fn issued(verdict: Verdict) -> Result<Issue, Box<dyn Error>> {
    match verdict {
        Verdict::Issue(issue) => Ok(issue),
        other => Err(format!("tokens were expected, not {other:?}").into()),
    }
}

fn ended(verdict: Verdict) -> Result<EndReason, Box<dyn Error>> {
    match verdict {
        Verdict::End(reason, _) => Ok(reason),
        other => Err(format!("the grant's end was expected, not {other:?}").into()),
    }
}

fn phase(grant: &Grant) -> &'static str {
    match grant.phase() {
        Phase::Approved(_) => "approved",
        Phase::Active(_) => "active",
        Phase::Ended(_) => "ended",
        _ => "unknown",
    }
}

fn live(grant: &Grant) -> usize {
    match grant.phase() {
        Phase::Active(active) => active.access.iter().count(),
        _ => 0,
    }
}

/// Prints a step, and fails where it is not as the story says.
fn check<T: Copy + Debug + PartialEq>(step: &str, got: T, wanted: T) -> Result<(), Box<dyn Error>> {
    println!("  {step} {got:?}");
    if got == wanted { Ok(()) } else { Err(format!("{step} {got:?}, but should be {wanted:?}").into()) }
}
