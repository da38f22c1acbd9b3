/** Runs one `temper ... --json` command to its end and gives its last line. Not for training, which outlives us. */
import { spawn } from 'node:child_process';
import { RunFailure, runErrorSchema } from '../../protocol';
import { LineSplitter } from '../../runs/line-splitter';
import { parseJsonLine, type JsonLine } from './json-lines';
import { createChildEnvironment, type Runtime } from './runtime';

export interface CliCall {
  readonly runtime: Runtime;
  /** Without `--json`, which is added. */
  readonly args: readonly string[];
  readonly cwd?: string;
  /** For this child alone: what is secret goes here, since other users can read arguments. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLine?: (line: JsonLine) => void;
  /** Aborting ends the child; the promise then rejects with an `AbortError`. */
  readonly signal?: AbortSignal;
}

/** The line of kind `result`. A line of kind `error` is thrown as a `RunFailure`, anything else as an `Error`. */
export function runCli(call: CliCall): Promise<JsonLine> {
  const child = spawn(call.runtime.nodePath, [call.runtime.cliFile, ...call.args, '--json'], {
    env: { ...createChildEnvironment(call.runtime), ...call.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    ...(call.cwd !== undefined && { cwd: call.cwd }),
    ...(call.signal && { signal: call.signal }),
  });
  return new Promise((resolve, reject) => {
    const reader = new CliReader(call);
    child.stdout.on('data', (chunk: Buffer) => reader.addOutput(chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => reader.addComplaint(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const last = reader.end();
      if (last?.['kind'] === 'result') resolve(last);
      else reject(failureOf(last) ?? new Error(`temper ${call.args[0]} ended with code ${code}. ${reader.complaint.trim()}`));
    });
  });
}

/** Keeps the last line of the output, and the end of what was printed for people. */
class CliReader {
  complaint = '';
  private readonly call: CliCall;
  private readonly splitter = new LineSplitter();
  private last: JsonLine | undefined;

  constructor(call: CliCall) {
    this.call = call;
  }

  addOutput(chunk: Buffer): void {
    this.read(this.splitter.push(chunk));
  }

  addComplaint(chunk: string): void {
    this.complaint = (this.complaint + chunk).slice(-4000);
  }

  end(): JsonLine | undefined {
    this.addOutput(Buffer.from('\n'));
    return this.last;
  }

  private read(lines: readonly string[]): void {
    for (const text of lines) {
      const line = parseJsonLine(text.trim());
      if (line === undefined) continue;
      this.last = line;
      this.call.onLine?.(line);
    }
  }
}

/** What an `error` line says, as something to throw. */
export function failureOf(line: JsonLine | undefined): RunFailure | undefined {
  if (line?.['kind'] !== 'error') return undefined;
  const parsed = runErrorSchema.safeParse(line);
  return parsed.success ? new RunFailure(parsed.data) : undefined;
}
