// oauth4webapi: every request and every response by hand. Plain http must be allowed call by call.

import * as oauth from 'oauth4webapi';
import { authorize, withCallback } from './browser.mjs';
import { SCOPE, api, callbackPort, check, checkFacts, refused, reporter, server } from './report.mjs';

const step = reporter('oauth4webapi');
const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(server);
const accessDenied = (error) => error.error === 'access_denied';
const invalidGrant = (error) => error.error === 'invalid_grant';

const portal = { client_id: 'portal' };
const auth = oauth.ClientSecretBasic('portal-secret');

let as;
await step('discovery', async () => {
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...http });
  as = await oauth.processDiscoveryResponse(issuer, response);
});

async function ask(client, redirectUri, choice) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: SCOPE,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  return { answer: await authorize(url, redirectUri, choice), state, verifier };
}

async function redeem(client, clientAuth, redirectUri, { answer, state, verifier }) {
  const parameters = oauth.validateAuthResponse(as, client, answer, state);
  const checked = [parameters, redirectUri, verifier];
  const response = await oauth.authorizationCodeGrantRequest(as, client, clientAuth, ...checked, http);
  return oauth.processAuthorizationCodeResponse(as, client, response);
}

async function refresh(client, clientAuth, token) {
  const response = await oauth.refreshTokenGrantRequest(as, client, clientAuth, token, http);
  return oauth.processRefreshTokenResponse(as, client, response);
}

async function introspect(token) {
  const response = await oauth.introspectionRequest(as, portal, auth, token, http);
  return oauth.processIntrospectionResponse(as, portal, response);
}

async function machine(client, clientAuth) {
  const response = await oauth.clientCredentialsGrantRequest(as, client, clientAuth, { scope: 'notes:read' }, http);
  const tokens = await oauth.processClientCredentialsResponse(as, client, response);
  check(tokens.scope === 'notes:read', `scope ${tokens.scope}`);
}

let tokens;
await withCallback(callbackPort, async (redirectUri) => {
  const asked = await ask(portal, redirectUri);
  const altered = (name, value) => {
    const answer = new URL(asked.answer);
    answer.searchParams.set(name, value);
    return { ...asked, answer };
  };
  await step('state', () => refused(
    () => redeem(portal, auth, redirectUri, altered('state', 'another')),
    (error) => /"state"/.test(error.message), 'another state',
  ));
  await step('iss', () => refused(
    () => redeem(portal, auth, redirectUri, altered('iss', 'https://attacker.example')),
    (error) => /"iss"/.test(error.message), 'another issuer',
  ));
  await step('code', async () => {
    tokens = await redeem(portal, auth, redirectUri, asked);
    check(tokens.scope === SCOPE, `scope ${tokens.scope}`);
  });
  await step('denied', async () => {
    const denied = await ask(portal, redirectUri, { approves: false });
    await refused(() => redeem(portal, auth, redirectUri, denied), accessDenied, "the user's no");
  });
});

await step('public', () => withCallback(0, async (redirectUri) => {
  const desktop = { client_id: 'desktop' };
  const first = await redeem(desktop, oauth.None(), redirectUri, await ask(desktop, redirectUri));
  await refresh(desktop, oauth.None(), first.refresh_token);
}));

await step('api', async () => {
  const request = ['GET', new URL(api), undefined, undefined];
  const response = await oauth.protectedResourceRequest(tokens.access_token, ...request, http);
  check((await response.json()).sub === 'alice', 'is not alice');
});

await step('refresh', async () => {
  const next = await refresh(portal, auth, tokens.refresh_token);
  check(next.refresh_token !== tokens.refresh_token, 'is not rotated');
  tokens = { ...next, spent: tokens.refresh_token };
});

await step('introspect', async () => {
  checkFacts(await introspect(tokens.access_token), 'portal');
});

await step('reuse', async () => {
  await refused(() => refresh(portal, auth, tokens.spent), invalidGrant, 'a spent refresh token');
  await refused(() => refresh(portal, auth, tokens.refresh_token), invalidGrant, 'its successor');
  check(!(await introspect(tokens.access_token)).active, 'the access token is still active');
});

await withCallback(callbackPort, async (redirectUri) => {
  await step('kept', async () => {
    const steady = { client_id: 'steady' };
    const secret = oauth.ClientSecretBasic('steady-secret');
    const first = await redeem(steady, secret, redirectUri, await ask(steady, redirectUri));
    const second = await refresh(steady, secret, first.refresh_token);
    await refresh(steady, secret, second.refresh_token ?? first.refresh_token);
  });
  let live;
  await step('revoke', async () => {
    live = await redeem(portal, auth, redirectUri, await ask(portal, redirectUri));
    const response = await oauth.revocationRequest(as, portal, auth, live.refresh_token, http);
    await oauth.processRevocationResponse(response);
  });
  await step('inactive', async () => {
    check(!(await introspect(live.access_token)).active, 'the access token is still active');
    await refused(() => refresh(portal, auth, live.refresh_token), invalidGrant, 'a revoked refresh token');
  });
});

await step('machine', () => machine(portal, auth));
await step('odd-secret', () => machine({ client_id: 'odd' }, oauth.ClientSecretBasic('50%+ of tea: /?&=')));
