/** What several parts of the report share: the colour of each set of rows, and links to files. */
import { css } from 'lit';

export const splitTints = css`
  .train {
    color: var(--temper-train);
  }
  .validation {
    color: var(--temper-validation);
  }
  .test {
    color: var(--temper-metric);
  }
  .ood {
    color: var(--temper-rate);
  }
  .swatch {
    background: currentcolor;
    display: inline-block;
    height: 8px;
    margin-right: 6px;
    width: 8px;
  }
`;

export const linkStyles = css`
  button.quiet {
    overflow-wrap: anywhere;
    padding: 0;
    text-align: left;
  }
`;

export const severityTints = css`
  .error {
    --tone: var(--temper-error);
  }
  .warning {
    --tone: var(--temper-warning);
  }
  .information {
    --tone: var(--temper-info);
  }
  .icon {
    color: color-mix(in srgb, var(--tone) 75%, var(--temper-foreground));
  }
`;
