/** How a validation row with its answers looks: side by side where there is room, one below the other where not. */
import { css } from 'lit';

export const sampleStyles = css`
  dl {
    display: grid;
    gap: 6px 20px;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    margin: 0;
  }
  .prompt {
    grid-column: 1 / -1;
  }
  .prompt dd {
    font-weight: 600;
  }
  dt {
    color: var(--temper-dim);
    font-size: 12px;
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
  .clamped dd {
    -webkit-box-orient: vertical;
    display: -webkit-box;
    -webkit-line-clamp: 4;
    overflow: hidden;
  }
  .agreement {
    font-variant-numeric: tabular-nums;
    margin-left: 8px;
  }
  .nothing {
    color: var(--temper-dim);
    font-style: italic;
    font-weight: normal;
  }
  mark {
    background: color-mix(in srgb, var(--temper-good) 22%, transparent);
    border-radius: 2px;
    color: inherit;
  }
  :host-context(body.vscode-high-contrast) mark {
    background: none;
    text-decoration: underline 2px;
    text-underline-offset: 3px;
  }
  .quiet {
    font-size: 12px;
    margin: 4px 0 0 -2px;
  }
  @media (max-width: 820px) {
    dl {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
