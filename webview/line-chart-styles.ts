/** How a chart's card looks; its canvas is painted elsewhere. */
import { css } from 'lit';

export const chartStyles = css`
  .card {
    display: flex;
    flex-direction: column;
    height: 100%;
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
    inset: 40% 40px auto 48px;
    margin: 0;
    pointer-events: none;
    position: absolute;
    text-align: center;
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
