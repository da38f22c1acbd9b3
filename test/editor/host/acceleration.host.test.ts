import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { AcceleratorReport } from '../../../protocol';
import { activate } from './temper';

describe('Temper: Set Up Acceleration', function () {
  this.timeout(60_000);

  before(activate);

  it('looks at the machine, waits for a choice, and does nothing when the list is closed', async () => {
    let isOver = false;
    const running = vscode.commands.executeCommand<readonly AcceleratorReport[] | undefined>('temper.setUpAcceleration');
    const command = Promise.resolve(running).finally(() => (isOver = true));
    // Whether a list is open cannot be asked, so it is closed until the command ends.
    while (!isOver) {
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      await new Promise((resume) => setTimeout(resume, 200));
    }
    const reports = (await command) ?? [];
    assert.deepEqual(reports.map(({ name }) => name).sort(), ['tensorflow', 'tensorflow-gpu', 'webgpu']);
    for (const { message, isInstalled } of reports) {
      assert.notEqual(message, '');
      assert.equal(isInstalled, false);
    }
  });
});
