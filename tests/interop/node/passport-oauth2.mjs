// passport-oauth2 inside an express application that people log in to. The strategy puts the secret into the body. What
// it has no words for (refreshing, client credentials) is asked of the object below it, as its companions do.

import express from 'express';
import session from 'express-session';
import passport from 'passport';
import OAuth2Strategy from 'passport-oauth2';
import { Browser } from './browser.mjs';
import { SCOPE, api, callbackPort, check, refused, reporter, server, unsupported } from './report.mjs';

const step = reporter('passport-oauth2');
const origin = `http://127.0.0.1:${callbackPort}`;

/** A strategy whose user is who the API says, with the tokens that it got. */
function strategy(clientID, clientSecret) {
  const options = {
    authorizationURL: `${server}/authorize`,
    tokenURL: `${server}/token`,
    callbackURL: `${origin}/callback`,
    clientID,
    clientSecret,
    scope: SCOPE.split(' '),
    pkce: true,
    state: true,
  };
  const made = new OAuth2Strategy(options, (accessToken, refreshToken, tokens, profile, done) => {
    done(null, { accessToken, refreshToken, scope: tokens.scope, name: profile.sub });
  });
  // Without this the token would travel in the query, which no server of OAuth 2.1 accepts.
  made._oauth2.useAuthorizationHeaderforGET(true);
  made.userProfile = function userProfile(accessToken, done) {
    this._oauth2.get(api, accessToken, (error, text) => (error ? done(error) : done(null, JSON.parse(text))));
  };
  return made;
}

/** Runs the application while `use` does. */
async function withApplication(made, use) {
  const app = express();
  const failed = [];
  const guard = new passport.Passport();
  guard.use('grantsmith', made);
  guard.serializeUser((user, done) => done(null, user));
  guard.deserializeUser((user, done) => done(null, user));
  app.use((_request, response, next) => {
    // The port will be another application's.
    response.set('connection', 'close');
    next();
  });
  app.use(session({ secret: 'of the session cookie', resave: false, saveUninitialized: false }));
  app.use(guard.initialize(), guard.session());
  app.get('/login', guard.authenticate('grantsmith'));
  app.get('/callback', guard.authenticate('grantsmith', { failureRedirect: '/denied' }), (_, response) => {
    response.redirect('/home');
  });
  app.get('/home', (request, response) => response.json(request.user ?? null));
  app.get('/denied', (_, response) => response.status(403).send('logged out'));
  app.use((error, _request, response, _next) => {
    failed.push(error);
    response.status(500).send(error.message);
  });
  const listener = await new Promise((resolve, reject) => {
    const made = app.listen(callbackPort, '127.0.0.1', (error) => (error ? reject(error) : resolve(made)));
  });
  try {
    return await use();
  } finally {
    await new Promise((resolve) => listener.close(resolve));
    if (failed.length > 0) throw new Error(failed[0].message || failed[0].code);
  }
}

/** Logs in with the browser and answers what the home page says of the user. */
async function logIn(made) {
  return withApplication(made, async () => {
    const page = await new Browser().visit(`${origin}/login`);
    check(page.url === `${origin}/home`, `ends at ${page.url}`);
    return JSON.parse(page.text);
  });
}

/** The object below the strategy, with a promise in place of a callback. */
function tokenRequest(made, credential, parameters) {
  return new Promise((resolve, reject) => {
    made._oauth2.getOAuthAccessToken(credential, parameters, (error, accessToken, refreshToken, rest) => {
      if (error) reject(Object.assign(new Error(error.data ?? error.message), { answer: error.data }));
      else resolve({ accessToken, refreshToken, scope: rest.scope });
    });
  });
}

const refresh = (made, token) => tokenRequest(made, token, { grant_type: 'refresh_token' });
const invalidGrant = (error) => error.answer !== undefined && JSON.parse(error.answer).error === 'invalid_grant';

async function machine(made) {
  const tokens = await tokenRequest(made, '', { grant_type: 'client_credentials', scope: 'notes:read' });
  check(tokens.scope === 'notes:read', `scope ${tokens.scope}`);
}

const portal = strategy('portal-post', 'portal-post-secret');

await step('discovery', () => unsupported('is told the endpoints'));

let user;
await step('code', async () => {
  user = await logIn(portal);
  check(user.scope === SCOPE, `scope ${user.scope}`);
});
await step('api', async () => check(user.name === 'alice', 'is not alice'));

await step('denied', () => withApplication(portal, async () => {
  const page = await new Browser().visit(`${origin}/login`, { approves: false });
  check(page.url === `${origin}/denied`, `ends at ${page.url}`);
}));

await step('state', () => withApplication(portal, async () => {
  const page = await new Browser().visit(`${origin}/callback?code=another&state=another`);
  check(page.url === `${origin}/denied`, `ends at ${page.url}`);
}));

await step('iss', () => unsupported('does not look at it'));

await step('public', async () => {
  const desktop = strategy('desktop', undefined);
  await refresh(desktop, (await logIn(desktop)).refreshToken);
});

let next;
await step('refresh', async () => {
  next = await refresh(portal, user.refreshToken);
  check(next.refreshToken !== user.refreshToken, 'is not rotated');
});

await step('reuse', async () => {
  await refused(() => refresh(portal, user.refreshToken), invalidGrant, 'a spent refresh token');
  await refused(() => refresh(portal, next.refreshToken), invalidGrant, 'its successor');
});

await step('kept', async () => {
  const steady = strategy('steady-post', 'steady-post-secret');
  const first = await logIn(steady);
  const second = await refresh(steady, first.refreshToken);
  await refresh(steady, second.refreshToken ?? first.refreshToken);
});

await step('introspect', () => unsupported('has no such request'));
await step('revoke', () => unsupported('has no such request'));
await step('inactive', () => unsupported('cannot revoke'));
await step('machine', () => machine(portal));
await step('odd-secret', () => machine(strategy('odd-post', '50%+ of tea: /?&=')));
