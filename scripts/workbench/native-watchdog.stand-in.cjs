// Takes the place of the native @vscode/native-watchdog in the prepared server: ends a process whose parent has gone.
'use strict';

exports.start = (pid) => {
  setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      process.exit(87); // what the native one answers
    }
  }, 1000).unref();
};

exports.exit = (code) => process.exit(code ?? 0);
