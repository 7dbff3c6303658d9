// Requests to the server, the last one of each kind only, and answers that are known already.

const KEPT = 60;
const known = new Map();
const running = new Map();

const LOST = {
  ok: false,
  error: { code: "", field: null, message: "the server does not answer", spans: [], help: "is `tensorcalc serve` still running?" },
};

/** Wait no longer for the last answer of a kind; the server hears of it. */
export function forget(kind) {
  running.get(kind)?.abort();
  running.delete(kind);
}

/** The answer to a request; null where a later one of the same `kind` was made meanwhile. */
export async function ask(kind, request) {
  forget(kind);
  const body = JSON.stringify(request);
  if (known.has(body)) {
    return known.get(body);
  }
  const control = new AbortController();
  running.set(kind, control);
  let answer = LOST;
  try {
    const response = await fetch("api", { method: "POST", body, headers: { "Content-Type": "application/json" }, signal: control.signal });
    answer = await response.json();
  } catch {
    // An answer that nobody waits for any more, or no server.
  }
  if (control.signal.aborted) {
    return null;
  }
  running.delete(kind);
  if (answer.ok || /^TC[0-3]/.test(answer.error.code)) {
    known.set(body, answer);
    if (known.size > KEPT) {
      known.delete(known.keys().next().value);
    }
  }
  return answer;
}
