import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { waitFor } from '../wait-until';
import { activate, extension, inFolder, openFolder } from './temper';

describe('the extension, as it is installed', () => {
  it('activates', async () => {
    const { experiments } = await activate();
    assert.equal(extension().isActive, true);
    assert.deepEqual(experiments.runs(), []);
  });

  it('registers every command that its manifest declares', async () => {
    await activate();
    const manifest = extension().packageJSON as { contributes: { commands: { command: string }[] } };
    const registered = new Set(await vscode.commands.getCommands(true));
    const declared = manifest.contributes.commands.map(({ command }) => command);
    assert.ok(declared.length >= 8);
    assert.deepEqual(
      declared.filter((command) => !registered.has(command)),
      [],
    );
  });

  it('brings everything that it needs', () => {
    const root = extension().extensionPath;
    const needed = [
      'dist/temper.cjs',
      'dist/wasm-worker.cjs',
      'dist/webgpu-backend.cjs',
      'dist/sharp.cjs',
      'dist/sharp-wasm32.cjs',
      'dist/webview.js',
      'dist/report.js',
      'models/tiny-encoder/model.safetensors',
      'models/tiny-decoder/model.safetensors',
      'templates/instruction-tuning/temper.json',
      'bin/temper.cjs',
    ];
    assert.deepEqual(
      needed.filter((file) => !fs.existsSync(path.join(root, file))),
      [],
    );
  });

  it('puts temper on the PATH of terminals', async function () {
    this.timeout(60_000);
    await activate();
    const answer = inFolder('answer.txt');
    const terminal = vscode.window.createTerminal({ name: 'temper test', cwd: openFolder() });
    try {
      terminal.sendText(`temper new text-classification from-terminal --json > ${JSON.stringify(answer)}`);
      const text = await waitFor(
        'temper has answered',
        () => fs.existsSync(answer) && /^.+\n$/.exec(fs.readFileSync(answer, 'utf8'))?.[0],
        50_000,
      );
      assert.equal((JSON.parse(text) as { kind: string }).kind, 'result');
    } finally {
      terminal.dispose();
      fs.rmSync(answer, { force: true });
      fs.rmSync(inFolder('from-terminal'), { recursive: true, force: true });
    }
  });
});
