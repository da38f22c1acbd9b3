/**
 * Registers the editor-like controls, and is the only file that knows where they come from: the toolkit is archived
 * upstream. Whatever replaces it must offer <vscode-button appearance="primary|secondary" disabled> with a click event
 * and <vscode-progress-ring>.
 */
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeProgressRing } from '@vscode/webview-ui-toolkit';

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeProgressRing());
