// One line for each thing that a client is asked to do: `client step ok|fail|unsupported detail`.

export const server = process.env.INTEROP_SERVER;
export const callbackPort = Number(process.env.INTEROP_CALLBACK_PORT);
export const api = `${server}/api/me`;
export const SCOPE = 'notes:read notes:write';

class Unsupported extends Error {}

/** Ends a step: the client has no such thing. */
export function unsupported(why) {
  throw new Unsupported(why);
}

export function check(holds, what) {
  if (!holds) throw new Error(what);
}

/** Waits for the error that `attempt` must end with, and gives it to `judge`. */
export async function refused(attempt, judge, what) {
  try {
    await attempt();
  } catch (error) {
    check(judge(error), `${what} is refused, but with: ${error.message}`);
    return;
  }
  throw new Error(`${what} is accepted`);
}

/** Judges what introspection says of an access token of alice. */
export function checkFacts(facts, client) {
  const { active, client_id: issuedTo, scope, sub } = facts;
  check(active && issuedTo === client && scope === SCOPE && sub === 'alice', JSON.stringify(facts));
}

export function reporter(client) {
  const line = (...words) => console.log([client, ...words].join(' ').replaceAll(/\s+/g, ' ').trim());
  return async (step, run) => {
    try {
      line(step, 'ok', (await run()) ?? '');
    } catch (error) {
      line(step, error instanceof Unsupported ? 'unsupported' : 'fail', error.message);
    }
  };
}
