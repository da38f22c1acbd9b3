/**
 * The page behind gallery.html and behind the element tests: one panel with a fake host, `?face=full&theme=dark`. What
 * tests call is on `window.gallery`.
 */
import '../../../webview/run-panel';
import '../../../webview/toolkit';
import { measureContrasts } from '../contrast';
import { everyElement, visibleText } from '../deep';
import { FakeHost } from '../fake-host';
import { faces, snapshotOf, type FaceName } from './faces';
import { Recording, recordTraining, sampleStep } from './sample-run';
import { applyTheme, themes, type ThemeName } from './themes';
import { recordWriting } from './writing-run';

const query = new URLSearchParams(location.search);
const host = new FakeHost();
const gallery = {
  host,
  show,
  applyTheme,
  faces,
  snapshotOf,
  Recording,
  recordTraining,
  recordWriting,
  sampleStep,
  everyElement,
  visibleText,
  measureContrasts,
};
export type Gallery = typeof gallery;

/** Answers the panel's `ready`, as the extension would. */
async function show(face: FaceName): Promise<void> {
  const panel = document.createElement('temper-run-panel');
  panel.host = host;
  document.querySelector('temper-run-panel')?.remove();
  document.body.append(panel);
  await panel.updateComplete;
  for (const message of faces[face]()) host.say(message);
}

function isFace(name: string | null): name is FaceName {
  return name !== null && name in faces;
}

function isTheme(name: string | null): name is ThemeName {
  return name !== null && name in themes;
}

declare global {
  interface Window {
    gallery: Gallery;
  }
}

const theme = query.get('theme');
const face = query.get('face');
window.gallery = gallery;
applyTheme(isTheme(theme) ? theme : 'dark');
void show(isFace(face) ? face : 'full');
