// The server under test: a process of its own, with a folder of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { config } from './config.js';

export class Server {
  // `options` are those of the configuration file; without an issuer the server speaks plain http at a free port.
  static async start(options) {
    const server = new Server();
    server.folder = await mkdtemp(join(tmpdir(), 'grantsmith-browser-'));
    const file = join(server.folder, 'server.toml');
    await writeFile(file, config(options));
    const place = options.issuer ? [] : ['--plain-http', '0'];
    server.process = spawn(binary(), ['--config', file, '--log-format', 'json', ...place]);
    server.lines = [];
    createInterface({ input: server.process.stderr }).on('line', (line) => server.lines.push(line));
    const ended = once(server.process, 'exit').then(([code]) => {
      throw new Error(`the server ended with ${code}:\n${server.lines.join('\n')}`);
    });
    const [ready] = await Promise.race([once(createInterface({ input: server.process.stdout }), 'line'), ended]);
    ended.catch(() => {});
    server.origin = ready.replace('listening: ', '');
    return server;
  }

  // The lines of the log that say these words about this user.
  logged(message, user) {
    const events = this.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    return events.filter((event) => event.message === message && event['oauth.subject'] === user);
  }

  async stop() {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const [code] = await ended;
    await rm(this.folder, { recursive: true });
    if (code !== 0) throw new Error(`the server ended with ${code}:\n${this.lines.slice(-20).join('\n')}`);
  }
}

function binary() {
  const { GRANTSMITH_SERVER } = process.env;
  if (!GRANTSMITH_SERVER) throw new Error('GRANTSMITH_SERVER must name the server; `run` sets it');
  return GRANTSMITH_SERVER;
}
