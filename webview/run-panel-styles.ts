/** Where the parts of the panel stand, on wide, narrow and very narrow editors. */
import { css } from 'lit';

export const panelStyles = css`
  :host {
    color: var(--temper-foreground);
    font-family: var(--vscode-font-family);
    font-size: var(--vscode-font-size, 13px);
    line-height: 1.45;
  }
  main {
    display: grid;
    gap: 14px;
    grid-template-columns: minmax(0, 1fr);
    padding: 14px 0 32px;
  }
  .charts {
    display: grid;
    gap: 14px;
    grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
  }
  .sparks {
    display: grid;
    gap: 14px;
    grid-template-columns: repeat(4, minmax(0, 1fr));
  }
  temper-run-progress {
    margin-top: -4px;
  }
  .waiting {
    justify-items: center;
    padding: 15vh 20px;
  }
  .waiting p {
    margin: 0;
  }
  .broken {
    border-left: 3px solid var(--temper-error);
    display: grid;
    gap: 6px;
    max-width: 640px;
  }
  .broken h1 {
    font-size: 15px;
    font-weight: 600;
    margin: 0;
  }
  @media (max-width: 820px) {
    .charts {
      grid-template-columns: minmax(0, 1fr);
    }
    .sparks {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }
  @media (max-width: 480px) {
    main,
    .charts,
    .sparks {
      gap: 10px;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    vscode-progress-ring {
      display: none;
    }
  }
`;
