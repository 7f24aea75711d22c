// The same with TLS: cookies that no other host can set, and a browser that comes back with TLS only.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { arrive, seesHeading, world } from './world/index.js';
import { Server } from './world/server.js';

test(
  'cookies are for TLS and this host only, and an application still gets its answer',
  { timeout: 120_000 },
  async () => {
    const { GRANTSMITH_CERTIFICATE: certificates, GRANTSMITH_CERTIFICATE_KEY: key } = process.env;
    assert.ok(certificates && key, '`run` makes a certificate');
    const port = await freePort();
    const server = await Server.start({
      clientOrigin: world.applications.origin,
      issuer: `https://localhost:${port}`,
      listener: { address: `127.0.0.1:${port}`, certificates, key },
    });
    const visitor = await arrive({ server, more: { ignoreHTTPSErrors: true } });
    try {
      const { page, context, applications } = visitor;
      const response = await page.goto(applications.request(server, 'portal'));
      assert.match(await response.headerValue('strict-transport-security'), /max-age=31536000/);
      await visitor.signIn();
      await seesHeading(page, 'Allow Looking-Glass Portal?');
      await visitor.allow();
      await visitor.isBack();

      const cookies = await context.cookies(server.origin);
      const names = ['__Host-grantsmith', '__Host-grantsmith-form', '__Host-grantsmith-session'];
      assert.deepEqual(cookies.map((cookie) => cookie.name).sort(), names);
      for (const { name, secure, httpOnly, sameSite, path } of cookies) {
        assert.deepEqual(
          { secure, httpOnly, sameSite, path },
          { secure: true, httpOnly: true, sameSite: 'Lax', path: '/' },
          name,
        );
      }
      assert.deepEqual(visitor.complained(), []);
    } finally {
      await visitor.leave();
      await server.stop();
    }
  },
);

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}
