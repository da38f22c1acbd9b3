import assert from 'node:assert/strict';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { ControlInbox, requestControl } from '../../runs/control';
import { runPaths } from '../../runs/paths';
import { createTemporaryRun, type TemporaryRun } from './temporary-run';

describe('the control inbox', () => {
  let run: TemporaryRun;
  let file: string;
  beforeEach(() => {
    run = createTemporaryRun();
    file = runPaths(run.runDir).control;
  });
  afterEach(() => {
    run.delete();
  });

  it('is empty while nobody asked for anything', () => {
    const inbox = new ControlInbox(run.runDir);
    assert.deepEqual(inbox.readNew(), []);
    assert.deepEqual(inbox.readNew(), []);
  });

  it('gives each request once and in order', async () => {
    const inbox = new ControlInbox(run.runDir);
    await requestControl(run.runDir, { kind: 'pause' });
    await requestControl(run.runDir, { kind: 'continue' });
    assert.deepEqual(inbox.readNew(), [{ kind: 'pause' }, { kind: 'continue' }]);
    assert.deepEqual(inbox.readNew(), []);
    await requestControl(run.runDir, { kind: 'stop' });
    assert.deepEqual(inbox.readNew(), [{ kind: 'stop' }]);
  });

  it('hears what was asked before it was made', async () => {
    await requestControl(run.runDir, { kind: 'stop' });
    assert.deepEqual(new ControlInbox(run.runDir).readNew(), [{ kind: 'stop' }]);
  });

  it('of a resumed run does not hear the stop that ended it the last time', async () => {
    await requestControl(run.runDir, { kind: 'stop' });
    const inbox = new ControlInbox(run.runDir, 'end');
    assert.deepEqual(inbox.readNew(), []);
    await requestControl(run.runDir, { kind: 'evaluate-now' });
    assert.deepEqual(inbox.readNew(), [{ kind: 'evaluate-now' }]);
  });

  it('loses no request when many ask at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => requestControl(run.runDir, { kind: 'pause' })));
    assert.equal(new ControlInbox(run.runDir).readNew().length, 20);
  });

  it('waits for the end of a line', () => {
    const inbox = new ControlInbox(run.runDir);
    writeFileSync(file, '{"kind":"st');
    assert.deepEqual(inbox.readNew(), []);
    appendFileSync(file, 'op"}\n');
    assert.deepEqual(inbox.readNew(), [{ kind: 'stop' }]);
  });

  it('passes over lines that are no request', async () => {
    writeFileSync(file, 'nonsense\n\n{"kind":"explode"}\n');
    await requestControl(run.runDir, { kind: 'stop' });
    assert.deepEqual(new ControlInbox(run.runDir).readNew(), [{ kind: 'stop' }]);
  });

  it('hears a request after a torn one', async () => {
    writeFileSync(file, '{"kind":"pau');
    await requestControl(run.runDir, { kind: 'stop' });
    assert.deepEqual(new ControlInbox(run.runDir).readNew(), [{ kind: 'stop' }]);
  });

  it('goes on when the file was deleted and made again', async () => {
    const inbox = new ControlInbox(run.runDir);
    await requestControl(run.runDir, { kind: 'evaluate-now' });
    inbox.readNew();
    rmSync(file);
    assert.deepEqual(inbox.readNew(), []);
    await requestControl(run.runDir, { kind: 'stop' });
    assert.deepEqual(inbox.readNew(), [{ kind: 'stop' }]);
  });
});
