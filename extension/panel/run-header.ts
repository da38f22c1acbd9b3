/** What stands above a run's curves, from its run.json. */
import { basename } from 'node:path';
import type { MethodConfig, RunHeader, RunRecord } from '../../protocol';

export function createRunHeader(runDir: string, record: RunRecord | undefined): RunHeader {
  const runId = record?.runId ?? basename(runDir);
  return {
    runId,
    name: record?.name ?? runId,
    projectName: record === undefined ? '' : basename(record.projectDir),
    method: record === undefined ? '' : formatMethod(record.config.method),
    model: record?.config.model ?? '',
  };
}

export function formatMethod(method: MethodConfig): string {
  return method.type === 'lora' ? `lora r${method.r}` : method.type;
}
