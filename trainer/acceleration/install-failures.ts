/** What can go wrong while an accelerator is installed, in words: what was tried, what was found, what to do. */
import { RunFailure, type Accelerator, type RunError } from '../../protocol';
import type { GroupOutcome } from './child-group';
import { acceleratorPackages } from './packages';

const nothingChanged = 'Nothing was changed.';

/** Electron forbids native modules to share memory with JavaScript in one of the ways that Node allows. */
const otherNode =
  process.versions['electron'] === undefined
    ? undefined
    : 'The Node inside of the editor refuses some native modules. Name a Node from https://nodejs.org in the setting "temper.train.nodePath" and try again.';

export function cancelled(name: Accelerator): RunFailure {
  return failure(`The installation of ${name} was cancelled. ${nothingChanged}`, `To begin anew: temper accelerate ${name}`);
}

export function alreadyInstalling(name: Accelerator, pid: number): RunFailure {
  return failure(`${name} is being installed already, by process ${pid}.`, 'Wait until it is done, or end it.');
}

export function cannotInstall(name: Accelerator, reason: string, remedy: string): RunFailure {
  return failure(`${name} cannot be installed here. ${reason}`, remedy);
}

/** The self-test's own word comes from its process; this is for one that died without a word. */
export function selfTestDied(name: Accelerator, { code, endedBy, output }: GroupOutcome): RunFailure {
  const how = endedBy === null ? `with code ${code}` : `by ${endedBy}`;
  const message = `${name} was downloaded, but its self-test ended ${how}. ${nothingChanged}`;
  return failure(message, otherNode ?? 'Its binaries may not fit this system.', output);
}

export function selfTestFailed(name: Accelerator, reason: string, ranScript: boolean): RunFailure {
  const message = `${name} was downloaded, but does not work here: ${withoutFullStop(reason)}. ${nothingChanged}`;
  const hint =
    !ranScript && acceleratorPackages[name].needsInstallScript
      ? 'npm ran no install script for it. If "ignore-scripts" is set in your npm settings, unset it and try again.'
      : (otherNode ?? `"temper doctor" says what ${name} needs and what was found.`);
  return failure(message, hint);
}

/** What npm printed, read for the causes that people can do something about. */
export function describeNpmFailure(name: Accelerator, { code, endedBy, output }: GroupOutcome): RunFailure {
  const cause = causes.find(({ pattern }) => pattern.test(output));
  const spec = `${acceleratorPackages[name].name}@${acceleratorPackages[name].version}`;
  const found = cause?.describe(output) ?? lastWords(output) ?? `npm ended with ${endedBy ?? `code ${code}`}`;
  const message = `${spec} could not be installed: ${withoutFullStop(found)}. ${nothingChanged}`;
  const hint = cause?.hint ?? 'What npm printed says more.';
  return new RunFailure({ code: cause?.code ?? 'install-failed', message, hint, detail: output });
}

interface Cause {
  readonly pattern: RegExp;
  readonly describe: (output: string) => string;
  readonly hint: string;
  readonly code?: RunError['code'];
}

const causes: readonly Cause[] = [
  {
    pattern: /ENOSPC|no space left on device/i,
    describe: () => 'the disk is full',
    hint: 'Free some space, or name a folder on another disk in TEMPER_ACCELERATION_DIR.',
    code: 'disk-full',
  },
  {
    pattern: /SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER|VERIFY)|CERT_HAS_EXPIRED|DEPTH_ZERO/,
    describe: () => 'the certificate of the server is not trusted',
    hint: "Behind a proxy that has a certificate of its own, name it in npm's `cafile` setting and in NODE_EXTRA_CA_CERTS.",
  },
  {
    pattern: /\bE404\b|\bETARGET\b|404 Not Found/,
    describe: (output) => `the registry does not have it (${/404 Not Found[^\n]*/.exec(output)?.[0] ?? 'no such version'})`,
    hint: "Ask `npm config get registry` which registry that is; a company's mirror may not hold this package.",
  },
  {
    pattern:
      /\b(?:EINTEGRITY|TAR_BAD_ARCHIVE|Z_BUF_ERROR|Z_DATA_ERROR|ERR_STREAM_PREMATURE_CLOSE)\b|unexpected end of file|Premature close/i,
    describe: () => 'a download was cut off or damaged',
    hint: 'Try again; if it stays so, `npm cache verify` removes damaged files.',
  },
  {
    pattern:
      /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR)\b|socket hang up|network aborted/i,
    describe: (output) => `${hostIn(output)} could not be reached`,
    hint: "Check the connection. Behind a proxy, set npm's `proxy` and `https-proxy`, and HTTPS_PROXY for the TensorFlow library; a mirror of the library can be named in TFJS_NODE_CDN_STORAGE.",
  },
  {
    pattern: /gyp ERR|node-pre-gyp install failed/,
    describe: () => 'there is no ready-made binary for this system, and building one failed',
    hint: 'Building needs Python 3 and a C++ compiler (on Debian and Ubuntu: python3 and build-essential).',
  },
  {
    pattern: /\b(?:EACCES|EPERM|EROFS)\b/,
    describe: (output) => `a file could not be written (${/(?:EACCES|EPERM|EROFS)[^\n]*/.exec(output)?.[0] ?? ''})`,
    hint: 'Name a folder that you may write to in TEMPER_ACCELERATION_DIR.',
  },
];

function hostIn(output: string): string {
  const named = /(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT) ([\w.:[\]-]+)/.exec(output)?.[1];
  return named ?? /https?:\/\/([^/\s]+)/.exec(output)?.[1] ?? 'the server';
}

/** The last thing that npm called an error and that is not its own housekeeping. */
function lastWords(output: string): string | undefined {
  const errors = output.split('\n').flatMap((line) => /^npm (?:error|ERR!) (.+)$/.exec(line.trim())?.[1] ?? []);
  return errors.filter((line) => !/^(?:A complete log|path |command |code )/.test(line)).at(-1);
}

function failure(message: string, hint: string, detail?: string): RunFailure {
  return new RunFailure({ code: 'install-failed', message, hint, ...(detail !== undefined && { detail }) });
}

function withoutFullStop(text: string): string {
  return text.trim().replace(/\.$/, '');
}
