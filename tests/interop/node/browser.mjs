// As much of a browser as alice needs: it follows redirects, keeps cookies, and sends the forms that it is shown.

import { createServer } from 'node:http';

const USER = { login: 'alice', password: 'wonderland' };

export class Browser {
  #cookies = new Map();

  /** Goes to `url`, logs in and decides as asked. Answers the page where that ends: its URL, status and text. */
  async visit(url, { approves = true } = {}) {
    let page = await this.#open(url);
    for (let forms = 0; forms < 4; forms += 1) {
      const shown = /<body class="page-([a-z-]+)"/.exec(page.text)?.[1];
      if (shown === 'login') {
        page = await this.#send(page, 'login-submit', USER);
      } else if (shown === 'consent') {
        page = await this.#send(page, approves ? 'consent-submit' : 'consent-cancel', {});
      } else if (shown === 'error') {
        throw new Error(`the server shows an error: ${/data-kind="(\w+)"/.exec(page.text)?.[1]}`);
      } else {
        return page;
      }
    }
    throw new Error('the forms never end');
  }

  async #open(url, form) {
    for (let hops = 0; hops < 8; hops += 1) {
      const { origin, hostname } = new URL(url);
      const jar = this.#cookies.get(hostname) ?? new Map();
      this.#cookies.set(hostname, jar);
      const response = await fetch(url, {
        redirect: 'manual',
        method: form ? 'POST' : 'GET',
        body: form,
        headers: { accept: 'text/html', origin, cookie: [...jar].map((pair) => pair.join('=')).join('; ') },
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
        if (/;\s*max-age=0/i.test(cookie)) jar.delete(name);
        else jar.set(name, value);
      }
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || !location) {
        return { url, status: response.status, text: await response.text() };
      }
      url = new URL(location, url).href;
      form = undefined;
    }
    throw new Error('the redirects never end');
  }

  /** Presses the button of this class, with what its form holds. */
  async #send(page, button, filled) {
    const form = page.text.match(/<form[^]*?<\/form>/g).find((form) => form.includes(button));
    const fields = new URLSearchParams();
    for (const [tag] of form.matchAll(/<(input|button)[^>]*>/g)) {
      const attribute = (name) => unescape(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
      const name = attribute('name');
      const counts = tag.startsWith('<button')
        ? attribute('class').includes(button)
        : attribute('type') !== 'checkbox' || /\schecked\b/.test(tag);
      if (name && counts) fields.append(name, filled[name] ?? attribute('value'));
    }
    return this.#open(new URL(unescape(/action="([^"]*)"/.exec(form)[1]), page.url).href, fields);
  }
}

function unescape(text) {
  return text
    .replaceAll(/&#(x?)([0-9a-f]+);/gi, (_, hex, digits) => String.fromCodePoint(parseInt(digits, hex ? 16 : 10)))
    .replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Listens for the redirect while `use` runs; it is given the redirect URI. Port 0 is any. */
export async function withCallback(port, use) {
  const listener = createServer((_, response) => {
    // The port will be another listener's.
    response.setHeader('connection', 'close').end('You may close this window.');
  });
  await new Promise((resolve, reject) => listener.once('error', reject).listen(port, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${listener.address().port}/callback`);
  } finally {
    await new Promise((resolve) => listener.close(resolve));
  }
}

/** The URL that the user is sent back with, once the listener has answered it. */
export async function authorize(url, redirectUri, choice) {
  const page = await new Browser().visit(url, choice);
  if (page.status !== 200 || !page.url.startsWith(`${redirectUri}?`)) throw new Error(`ends at ${page.url}`);
  return new URL(page.url);
}
