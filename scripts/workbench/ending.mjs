// What must not outlive this process: servers are killed and temporary folders removed when it leaves, also by Ctrl-C.

/** @type {Set<() => void>} */
const pending = new Set();

/**
 * Runs `end` when the process leaves, or now when the returned function is called; never twice.
 * @param {() => void} end must be synchronous
 * @returns {() => void}
 */
export function atEnd(end) {
  if (pending.size === 0) listen();
  pending.add(end);
  return () => {
    if (pending.delete(end)) end();
  };
}

let listening = false;

function listen() {
  if (listening) return;
  listening = true;
  process.on('exit', () => {
    for (const end of [...pending].reverse()) end();
  });
  for (const [signal, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])) {
    process.once(signal, () => process.exit(code));
  }
}
