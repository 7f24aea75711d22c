// openid-client with its default authentication, the secret in the body. Each configuration must allow plain http.

import * as client from 'openid-client';
import { authorize, withCallback } from './browser.mjs';
import { SCOPE, api, callbackPort, check, checkFacts, refused, reporter, server } from './report.mjs';

const step = reporter('openid-client');
const accessDenied = (error) => error.error === 'access_denied';
const invalidGrant = (error) => error.error === 'invalid_grant';

function configured(metadata, id, secret, auth) {
  const config = new client.Configuration(metadata, id, secret, auth);
  client.allowInsecureRequests(config);
  return config;
}

let portal;
await step('discovery', async () => {
  const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };
  portal = await client.discovery(new URL(server), 'portal-post', 'portal-post-secret', undefined, options);
});
const metadata = portal.serverMetadata();

async function ask(config, redirectUri, choice) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: SCOPE,
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  return { answer: await authorize(url.href, redirectUri, choice), checks: { pkceCodeVerifier, expectedState } };
}

const redeem = (config, { answer, checks }) => client.authorizationCodeGrant(config, answer, checks);
const refresh = (config, token) => client.refreshTokenGrant(config, token);

async function machine(config) {
  const tokens = await client.clientCredentialsGrant(config, { scope: 'notes:read' });
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
    () => redeem(portal, altered('state', 'another')),
    (error) => /"state"/.test(`${error.message} ${error.cause?.message}`), 'another state',
  ));
  await step('iss', () => refused(
    () => redeem(portal, altered('iss', 'https://attacker.example')),
    (error) => /"iss"/.test(`${error.message} ${error.cause?.message}`), 'another issuer',
  ));
  await step('code', async () => {
    tokens = await redeem(portal, asked);
    check(tokens.scope === SCOPE, `scope ${tokens.scope}`);
  });
  await step('denied', async () => {
    const denied = await ask(portal, redirectUri, { approves: false });
    await refused(() => redeem(portal, denied), accessDenied, "the user's no");
  });
});

await step('public', () => withCallback(0, async (redirectUri) => {
  const desktop = configured(metadata, 'desktop', undefined, client.None());
  const first = await redeem(desktop, await ask(desktop, redirectUri));
  await refresh(desktop, first.refresh_token);
}));

await step('api', async () => {
  const response = await client.fetchProtectedResource(portal, tokens.access_token, new URL(api), 'GET');
  check((await response.json()).sub === 'alice', 'is not alice');
});

await step('refresh', async () => {
  const next = await refresh(portal, tokens.refresh_token);
  check(next.refresh_token !== tokens.refresh_token, 'is not rotated');
  tokens = { ...next, spent: tokens.refresh_token };
});

await step('introspect', async () => {
  checkFacts(await client.tokenIntrospection(portal, tokens.access_token), 'portal-post');
});

await step('reuse', async () => {
  await refused(() => refresh(portal, tokens.spent), invalidGrant, 'a spent refresh token');
  await refused(() => refresh(portal, tokens.refresh_token), invalidGrant, 'its successor');
  check(!(await client.tokenIntrospection(portal, tokens.access_token)).active, 'the access token is still active');
});

await withCallback(callbackPort, async (redirectUri) => {
  await step('kept', async () => {
    const steady = configured(metadata, 'steady-post', 'steady-post-secret');
    const first = await redeem(steady, await ask(steady, redirectUri));
    const second = await refresh(steady, first.refresh_token);
    await refresh(steady, second.refresh_token ?? first.refresh_token);
  });
  let live;
  await step('revoke', async () => {
    live = await redeem(portal, await ask(portal, redirectUri));
    await client.tokenRevocation(portal, live.refresh_token, { token_type_hint: 'refresh_token' });
  });
  await step('inactive', async () => {
    check(!(await client.tokenIntrospection(portal, live.access_token)).active, 'the access token is still active');
    await refused(() => refresh(portal, live.refresh_token), invalidGrant, 'a revoked refresh token');
  });
});

await step('machine', () => machine(portal));
await step('odd-secret', async () => {
  await machine(configured(metadata, 'odd-post', '50%+ of tea: /?&='));
  await machine(configured(metadata, 'odd', undefined, client.ClientSecretBasic('50%+ of tea: /?&=')));
});
