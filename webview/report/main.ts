/** The bundle of the dataset report. The extension's page holds <temper-dataset-report></temper-dataset-report> and loads it with a nonce. */
import { createReportHost } from '../host';
import '../toolkit';
import './dataset-report';

function connect(): void {
  const report = document.querySelector('temper-dataset-report');
  if (report) report.host = createReportHost();
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', connect);
else connect();
