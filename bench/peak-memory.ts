/** The most memory that a process ever had resident. */
import { readFileSync } from 'node:fs';

/** Of this process, or on Linux of another one. */
export function readPeakBytes(pid = process.pid): number {
  return readHighWaterMark(pid) ?? (pid === process.pid ? process.resourceUsage().maxRSS * 1024 : 0);
}

/** Linux keeps it by process. Undefined elsewhere, and when the process has ended. */
function readHighWaterMark(pid: number): number | undefined {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined; // no such file here
  }
}
