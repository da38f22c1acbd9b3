// Runs a command where nothing can leave the machine: a network namespace that has loopback only (Linux).
import { spawnSync } from 'node:child_process';

const raiseLoopback = 'ip link set lo up 2>/dev/null || ifconfig lo up';

/**
 * @param {string[]} command
 * @returns {{ command: string[], isolated: true } | { command: string[], isolated: false, reason: string }}
 */
export function withoutNetwork(command) {
  if (process.platform !== 'linux')
    return { command, isolated: false, reason: `there are no network namespaces on ${process.platform}` };
  let reason = 'unshare is not installed';
  for (const flags of process.getuid?.() === 0 ? ['-n', '-rn'] : ['-rn']) {
    const probe = spawnSync('unshare', [flags, '--', 'sh', '-c', raiseLoopback], { encoding: 'utf8' });
    if (probe.status === 0) {
      return { command: ['unshare', flags, '--', 'sh', '-c', `${raiseLoopback}; exec "$@"`, 'sh', ...command], isolated: true };
    }
    if (!probe.error) reason = probe.stderr.trim().split('\n').at(-1) || `unshare ${flags} ended with ${probe.status}`;
  }
  return { command, isolated: false, reason };
}
