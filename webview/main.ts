/**
 * The bundle of the run panel. The extension's page holds <temper-run-panel></temper-run-panel> and loads this script
 * with a nonce; nothing else is needed: `default-src 'none'; script-src 'nonce-…'; style-src <cspSource>`.
 */
import { createEditorHost } from './host';
import './run-panel';
import './toolkit';

function connect(): void {
  const panel = document.querySelector('temper-run-panel');
  if (panel) panel.host = createEditorHost();
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', connect);
else connect();
