/** How a chart's card looks; its canvas is painted elsewhere. */
import { css } from 'lit';

export const chartStyles = css`
  :host {
    display: grid;
  }
  .card {
    display: flex;
    flex-direction: column;
  }
  .foot {
    align-items: baseline;
    display: grid;
    gap: 12px;
    grid-template-columns: 1fr auto;
    margin-top: 6px;
  }
  temper-chart-legend {
    margin-left: auto;
  }
  .toggle {
    font-size: 12px;
  }
  .plot {
    flex: 1;
    margin-top: 6px;
    min-height: 250px;
    position: relative;
    touch-action: pan-y;
  }
  canvas {
    height: 100%;
    inset: 0;
    position: absolute;
    width: 100%;
  }
  .placeholder {
    background: var(--temper-surface);
    left: 0;
    margin: 0 auto;
    max-width: 80%;
    padding: 2px 8px;
    pointer-events: none;
    position: absolute;
    right: 0;
    text-align: center;
    top: 38%;
    width: fit-content;
  }
  .readout {
    background: var(--vscode-editorHoverWidget-background, var(--temper-surface));
    border: 1px solid var(--vscode-editorHoverWidget-border, var(--temper-line));
    border-radius: 3px;
    color: var(--vscode-editorHoverWidget-foreground, var(--temper-foreground));
    font-size: 12px;
    font-variant-numeric: tabular-nums;
    left: var(--x, 0);
    max-width: 60%;
    padding: 4px 8px;
    pointer-events: none;
    position: absolute;
    top: 8px;
  }
  .readout.right {
    margin-left: 10px;
  }
  .readout.left {
    transform: translateX(calc(-100% - 10px));
  }
  .readout b {
    font-weight: 600;
  }
  .readout i {
    background: currentcolor;
    display: inline-block;
    height: 3px;
    margin-right: 6px;
    vertical-align: middle;
    width: 10px;
  }
  .readout .train i {
    color: var(--temper-train);
  }
  .readout .validation i {
    color: var(--temper-validation);
  }
  .readout .metric i {
    color: var(--temper-metric);
  }
  .readout .level i {
    color: var(--temper-level);
  }
  @media (max-width: 480px) {
    .plot {
      min-height: 200px;
    }
    .readout {
      max-width: 75%;
    }
  }
`;
