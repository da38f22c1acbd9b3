/**
 * The page behind the tests of the dataset report: one report with a fake host, `?face=full&theme=dark`. What tests call
 * is on `window.reportGallery`.
 */
import '../../../webview/report/dataset-report';
import '../../../webview/toolkit';
import type { HostToReport } from '../../../protocol';
import { measureContrasts } from '../contrast';
import { everyElement, visibleText } from '../deep';
import { FakeReportHost } from '../fake-host';
import { reportFaces, type ReportFace } from './report-faces';
import { applyTheme, themes, type ThemeName } from './themes';

const query = new URLSearchParams(location.search);
const host = new FakeReportHost();
const reportGallery = { host, show, everyElement, visibleText, measureContrasts, faces: reportFaces };
export type ReportGallery = typeof reportGallery;

/** Answers the report's `ready`, as the extension would; loading is no answer. */
async function show(message: HostToReport | undefined): Promise<void> {
  const report = document.createElement('temper-dataset-report');
  report.host = host;
  document.querySelector('temper-dataset-report')?.remove();
  document.body.append(report);
  await report.updateComplete;
  if (message) host.say(message);
}

function isFace(name: string | null): name is ReportFace {
  return name !== null && name in reportFaces;
}

function isTheme(name: string | null): name is ThemeName {
  return name !== null && name in themes;
}

declare global {
  interface Window {
    reportGallery: ReportGallery;
  }
}

const theme = query.get('theme');
const face = query.get('face');
window.reportGallery = reportGallery;
applyTheme(isTheme(theme) ? theme : 'dark');
void show(reportFaces[isFace(face) ? face : 'full']);
