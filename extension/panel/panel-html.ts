/**
 * The page around a panel's element. Nothing runs or loads in it but our own bundle. The toolkit reads the nonce from
 * the page for the one style element that it makes, to find out whether the browser knows :focus-visible.
 */

export interface PanelPage {
  readonly element: 'temper-run-panel' | 'temper-dataset-report';
  /** The webview's own source, for the content policy. */
  readonly cspSource: string;
  readonly scriptUri: string;
  readonly nonce: string;
}

export function createPanelHtml(page: PanelPage): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${page.nonce}'`,
    `style-src ${page.cspSource} 'nonce-${page.nonce}'`,
    `font-src ${page.cspSource}`,
    `img-src ${page.cspSource}`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
    <meta property="csp-nonce" content="${page.nonce}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Temper</title>
  </head>
  <body>
    <${page.element}></${page.element}>
    <script nonce="${page.nonce}" src="${escapeAttribute(page.scriptUri)}"></script>
  </body>
</html>`;
}

export function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
