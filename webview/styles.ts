/** The few rules that all parts of the panel share. */
import { css } from 'lit';
import { tints } from './tints';

export const sharedStyles = [
  tints,
  css`
    :host {
      display: block;
      min-width: 0;
    }
    * {
      box-sizing: border-box;
    }
    h2 {
      color: var(--temper-dim);
      font-size: 11px;
      font-weight: 600;
      letter-spacing: 0.04em;
      margin: 0;
      text-transform: uppercase;
    }
    .card {
      background: var(--temper-surface);
      border: 1px solid var(--temper-line);
      border-radius: 4px;
      padding: 10px 12px;
    }
    .row {
      align-items: center;
      display: flex;
      flex-wrap: wrap;
      gap: 4px 12px;
    }
    .grow {
      flex: 1;
    }
    .dim {
      color: var(--temper-dim);
    }
    .quiet {
      background: none;
      border: 0;
      border-radius: 2px;
      color: var(--temper-link);
      cursor: pointer;
      font: inherit;
      padding: 0 2px;
    }
    .quiet:hover {
      text-decoration: underline;
    }
    .quiet:disabled {
      color: var(--vscode-disabledForeground);
      cursor: default;
      text-decoration: none;
    }
    .quiet:focus-visible,
    [tabindex]:focus-visible {
      outline: 1px solid var(--temper-focus);
      outline-offset: 2px;
    }
    .unseen {
      clip-path: inset(50%);
      height: 1px;
      overflow: hidden;
      position: absolute;
      white-space: nowrap;
      width: 1px;
    }
  `,
];

export const tableStyles = css`
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
    margin-top: 4px;
    width: 100%;
  }
  th,
  td {
    border-bottom: 1px solid var(--temper-grid);
    font-weight: normal;
    height: 28px;
    padding: 2px 8px;
    text-align: left;
    white-space: nowrap;
  }
  tbody tr:last-child > * {
    border-bottom: 0;
  }
  thead th {
    color: var(--temper-dim);
    font-size: 12px;
    font-weight: 600;
  }
  .number {
    text-align: right;
  }
  @media (max-width: 600px) {
    th,
    td {
      padding: 2px 4px;
      white-space: normal;
    }
  }
`;
