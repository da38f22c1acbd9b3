/** Every colour of the panel by its meaning, mapped to the editor's theme variables. Canvases resolve the same names. */
import { css } from 'lit';

export const tints = css`
  :host {
    --temper-foreground: var(--vscode-foreground);
    --temper-dim: var(--vscode-descriptionForeground, var(--vscode-foreground));
    --temper-surface: var(--vscode-editorWidget-background, var(--vscode-editor-background));
    --temper-line: var(--vscode-widget-border, var(--vscode-panel-border, var(--vscode-contrastBorder)));
    --temper-grid: var(--vscode-editorWidget-border, var(--vscode-panel-border, var(--vscode-contrastBorder)));
    --temper-link: var(--vscode-textLink-foreground);
    --temper-focus: var(--vscode-focusBorder);
    --temper-train: var(--vscode-charts-blue);
    --temper-train-raw: var(--vscode-charts-blue);
    --temper-validation: rgb(from var(--vscode-charts-orange) r g b / 1); /* the light theme's is half transparent */
    --temper-metric: var(--vscode-charts-green);
    --temper-level: var(--temper-dim);
    --temper-rate: var(--vscode-charts-purple);
    --temper-error: var(--vscode-charts-red);
    --temper-warning: var(--vscode-charts-yellow);
    --temper-good: var(--vscode-charts-green);
    --temper-info: var(--vscode-charts-blue);
  }
  /* No colour carries a meaning alone here, and nothing is faint. */
  :host-context(body.vscode-high-contrast),
  :host-context(body.vscode-high-contrast-light) {
    --temper-dim: var(--vscode-foreground);
    --temper-surface: var(--vscode-editor-background);
    --temper-line: var(--vscode-contrastBorder);
    --temper-grid: var(--vscode-contrastBorder);
    --temper-train: var(--vscode-foreground);
    --temper-validation: var(--vscode-charts-yellow);
  }
`;
