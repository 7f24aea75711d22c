// The configuration file of the server under test.

import { api, clients, redirectOf, scopes } from './clients.js';

export const password = 'wonderland';
export const mostGuests = 200;
export const guest = (number) => `guest-${number}`;

// `listener` and `issuer` stand aside when the server is started with --plain-http.
export function config({ clientOrigin, issuer = 'http://localhost:3000', listener = { address: '127.0.0.1:3000' } }) {
  const users = Array.from({ length: mostGuests }, (_, number) => user(guest(number + 1)));
  return [
    table('', { issuer, title: 'Test Accounts', demo_api: true }),
    table('[[listeners]]', listener),
    table('[store]', { url: 'memory' }),
    table('[keyring]', { danger_secret: 'QWC1B1FStVbTKQkGJzsNSPGNb8Uo8Fy531oyM6yNnB8' }),
    table('[log]', { filter: 'info,grantsmith=debug' }),
    // Only who says where they call from is counted.
    table('[limits]', { failures_per_minute: 3, caller_header: 'x-forwarded-for' }),
    table('[scopes]', scopes),
    ...users,
    user('disabled', { disabled: true }),
    ...Object.keys(clients).map((id) => client(id, clientOrigin)),
    table('[[resource_servers]]', { id: api.id, name: api.name, danger_secret: api.secret, resources: ['/api'] }),
  ].join('\n');
}

function user(name, more = {}) {
  return table('[[users]]', { name, password_hash: passwordHash, ...more });
}

function client(id, origin) {
  const { name, kind, secret, isUnverified } = clients[id];
  const redirect = redirectOf(id, origin);
  const isPlain = redirect.startsWith('http:') && kind !== 'native';
  return table('[[clients]]', {
    id,
    kind,
    name,
    scopes: Object.keys(scopes),
    resources: ['/api'],
    [isPlain ? 'danger_loopback_redirect_uris' : 'redirect_uris']: [redirect],
    ...(secret && { danger_secret: secret }),
    ...(isUnverified && { unverified: true }),
    ...(id === 'portal' && {
      home_page: 'https://portal.example/',
      privacy_policy: 'https://portal.example/privacy',
      terms_of_service: 'https://portal.example/terms',
    }),
  });
}

// JSON's strings, numbers, booleans and arrays of them are TOML's.
function table(head, values) {
  const lines = Object.entries(values).map(([key, value]) => `${JSON.stringify(key)} = ${JSON.stringify(value)}`);
  return [head, ...lines, ''].join('\n');
}

const passwordHash =
  '$argon2id$v=19$m=19456,t=2,p=1$60az6XlTS46vA1lpHuQ6Eg$KCorGvdHWSpFva3lgOwYQoc9QBhyw/mdrvgjafdUMsM';
