/**
 * The bundle of the run panel. The extension's page holds <temper-run-panel></temper-run-panel> and loads this script
 * with a nonce. `default-src 'none'; script-src 'nonce-N'; style-src 'nonce-N'` is enough, and
 * `<meta property="csp-nonce" content="N">` lets the toolkit make its one probing style element without a complaint.
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
