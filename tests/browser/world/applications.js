// The applications of clients.js, behind one small server. Its origin and its site are others than those of the server
// under test: it is 127.0.0.1 where that is localhost.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { api, clients, redirectOf } from './clients.js';

export class Applications {
  static async open() {
    const applications = new Applications();
    applications.started = new Map();
    // What came back, in order: { client, state, method, params }.
    applications.received = [];
    applications.http = createServer((request, response) => applications.#answer(request, response));
    applications.http.listen(0, '127.0.0.1');
    await once(applications.http, 'listening');
    applications.origin = `http://127.0.0.1:${applications.http.address().port}`;
    return applications;
  }

  // The URL that sends a browser to the server with a new request.
  request(server, client, more = {}) {
    const state = randomBytes(8).toString('hex');
    const verifier = randomBytes(32).toString('base64url');
    this.started.set(state, { client, verifier, server });
    const url = new URL(`${server.origin}/authorize`);
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const params = {
      response_type: 'code',
      client_id: client,
      redirect_uri: client in clients ? redirectOf(client, this.origin) : `${this.origin}/callback`,
      scope: 'notes:read notes:write',
      resource: `${server.origin}/api`,
      state,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...more,
    };
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    return url.href;
  }

  // A page of the application with one link, which leads to the server.
  home(client, more = {}) {
    return `${this.origin}/${client}/?${new URLSearchParams(more)}`;
  }

  // A page whose button posts these fields there: what any other site can do.
  posting(action, fields) {
    return `${this.origin}/posting?${new URLSearchParams({ action, fields: JSON.stringify(fields) })}`;
  }

  framing(url) {
    return `${this.origin}/framing?${new URLSearchParams({ url })}`;
  }

  // Redeems a code, as the application's server does.
  async redeem({ client, state, params }) {
    const { verifier, server } = this.started.get(state);
    const { status, json } = await this.#post(server, '/token', client, clients[client].secret, {
      grant_type: 'authorization_code',
      code: params.code,
      redirect_uri: redirectOf(client, this.origin),
      code_verifier: verifier,
    });
    if (status !== 200) throw new Error(`the code was refused: ${JSON.stringify(json)}`);
    return json;
  }

  // Asks about a token, as the API does.
  async introspect(server, token) {
    const { json } = await this.#post(server, '/introspect', api.id, api.secret, { token });
    return json;
  }

  async close() {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }

  async #post(server, path, id, secret, fields) {
    const authorization = secret && `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    const response = await fetch(`${server.origin}${path}`, {
      method: 'POST',
      headers: authorization ? { authorization } : {},
      body: new URLSearchParams(secret ? fields : { ...fields, client_id: id }),
    });
    return { status: response.status, json: await response.json() };
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.origin);
    const [, first, second] = url.pathname.split('/');
    const say = (html, headers = {}) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers });
      response.end(`<!DOCTYPE html><html lang="en"><title>Application</title>${icon}<main>${html}</main></html>`);
    };
    if (first === 'posting') return say(posting(url.searchParams));
    if (first === 'framing')
      return say(`<h1>Frame</h1><iframe src="${escaped(url.searchParams.get('url'))}"></iframe>`);
    if (second === 'go') {
      const target = this.request(this.server, first, Object.fromEntries(url.searchParams));
      return response.writeHead(302, { location: target }).end();
    }
    if (second === 'callback') return say(await this.#receive(request, url, first));
    if (first in clients) return say(`<h1>${escaped(clients[first].name)}</h1><a href="go${url.search}">Connect</a>`);
    response.writeHead(404).end();
  }

  async #receive(request, url, client) {
    let query = url.searchParams;
    if (request.method === 'POST') {
      query = new URLSearchParams(Buffer.concat(await request.toArray()).toString());
    }
    const params = Object.fromEntries(query);
    const begun = this.started.get(params.state);
    const number = this.received.push({ client, state: params.state, method: request.method, params });
    const mark = `<data value="${number}"></data>`;
    if (begun?.client !== client || params.iss !== begun.server.origin)
      return `<h1>This response is not for me</h1>${mark}`;
    if (params.error) return `<h1>Not connected</h1><p>${escaped(params.error)}</p>${mark}`;
    return `<h1>Connected</h1><p>${escaped(clients[client].name)} received a code by ${request.method}.</p>${mark}`;
  }
}

function posting(params) {
  const fields = Object.entries(JSON.parse(params.get('fields')));
  const inputs = fields.map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  );
  return `<form method="post" action="${escaped(params.get('action'))}">${inputs.join('')}<button>Win a prize</button></form>`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}

// Keeps browsers from asking for an icon.
const icon = '<link rel="icon" href="data:,">';
