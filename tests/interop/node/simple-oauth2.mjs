// simple-oauth2: the requests, with the secret in the Basic header. All before the code is the application's affair.

import { createHash, randomBytes } from 'node:crypto';
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';
import { authorize, withCallback } from './browser.mjs';
import { SCOPE, callbackPort, check, refused, reporter, server, unsupported } from './report.mjs';

const step = reporter('simple-oauth2');
const invalidGrant = (error) => error.data?.payload?.error === 'invalid_grant';

const hosts = { tokenHost: server, tokenPath: '/token', revokePath: '/revoke' };
const auth = { ...hosts, authorizePath: '/authorize' };
const portal = new AuthorizationCode({ client: { id: 'portal', secret: 'portal-secret' }, auth });

async function ask(client, redirectUri) {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const url = client.authorizeURL({
    redirect_uri: redirectUri,
    scope: SCOPE,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const answer = (await authorize(url, redirectUri)).searchParams;
  check(answer.get('state') === state && answer.get('iss') === server, 'another state or issuer');
  return { answer, verifier };
}

const redeem = (client, redirectUri, { answer, verifier }) =>
  client.getToken({ code: answer.get('code'), redirect_uri: redirectUri, code_verifier: verifier });

async function machine(client) {
  const { token } = await new ClientCredentials({ client, auth: hosts }).getToken({ scope: 'notes:read' });
  check(token.scope === 'notes:read', `scope ${token.scope}`);
}

await step('discovery', () => unsupported('is told the endpoints'));
await step('state', () => unsupported('leaves it to the application'));
await step('iss', () => unsupported('leaves it to the application'));
await step('denied', () => unsupported('leaves it to the application'));

let first;
let second;
await withCallback(callbackPort, async (redirectUri) => {
  await step('code', async () => {
    first = await redeem(portal, redirectUri, await ask(portal, redirectUri));
    check(first.token.scope === SCOPE, `scope ${first.token.scope}`);
  });
});

await step('public', () => withCallback(0, async (redirectUri) => {
  const options = { authorizationMethod: 'body' };
  const desktop = new AuthorizationCode({ client: { id: 'desktop' }, auth, options });
  const token = await redeem(desktop, redirectUri, await ask(desktop, redirectUri));
  await token.refresh();
}));

await step('api', () => unsupported('leaves it to the application'));

await step('refresh', async () => {
  second = await first.refresh();
  check(second.token.refresh_token !== first.token.refresh_token, 'is not rotated');
});

await step('reuse', async () => {
  await refused(() => first.refresh(), invalidGrant, 'a spent refresh token');
  await refused(() => second.refresh(), invalidGrant, 'its successor');
});

await step('introspect', () => unsupported('has no such request'));

await withCallback(callbackPort, async (redirectUri) => {
  await step('kept', async () => {
    const steady = new AuthorizationCode({ client: { id: 'steady', secret: 'steady-secret' }, auth });
    const token = await redeem(steady, redirectUri, await ask(steady, redirectUri));
    const next = await token.refresh();
    check(next.token.refresh_token !== undefined, 'forgets a refresh token that the answer does not repeat');
    await next.refresh();
  });
  let live;
  await step('revoke', async () => {
    live = await redeem(portal, redirectUri, await ask(portal, redirectUri));
    // By default it insists on JSON in the answer, which RFC 7009 leaves empty.
    await live.revokeAll({ json: true });
    return 'asks not to insist on JSON in the answer';
  });
  await step('inactive', () => refused(() => live.refresh(), invalidGrant, 'a revoked refresh token'));
});

await step('machine', () => machine({ id: 'portal', secret: 'portal-secret' }));
await step('odd-secret', () => machine({ id: 'odd', secret: '50%+ of tea: /?&=' }));
