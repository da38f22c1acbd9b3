/**
 * The colours that VS Code 1.139 gives to a webview under its own themes, for the variables the panel and the toolkit
 * read. Taken from the theme files and the colour registry, resolved by hand.
 */
export type ThemeName = 'dark' | 'light' | 'high-contrast' | 'high-contrast-light';

export interface Theme {
  readonly bodyClass: string;
  readonly variables: Readonly<Record<string, string>>;
}

const fonts = { 'font-family': 'system-ui, Ubuntu, "Droid Sans", sans-serif', 'font-size': '13px', 'font-weight': 'normal' };

export const themes: Readonly<Record<ThemeName, Theme>> = {
  dark: {
    bodyClass: 'vscode-dark',
    variables: {
      ...fonts,
      foreground: '#CCCCCC',
      descriptionForeground: '#9D9D9D',
      disabledForeground: 'rgba(204, 204, 204, 0.5)',
      errorForeground: '#F85149',
      focusBorder: '#0078D4',
      'editor-background': '#1F1F1F',
      'editorWidget-background': '#202020',
      'editorWidget-border': 'rgba(204, 204, 204, 0.2)',
      'editorHoverWidget-background': '#202020',
      'editorHoverWidget-border': 'rgba(204, 204, 204, 0.2)',
      'editorHoverWidget-foreground': '#CCCCCC',
      'widget-border': '#313131',
      'panel-border': '#2B2B2B',
      'textLink-foreground': '#4daafc',
      'progressBar-background': '#0078D4',
      'button-background': '#0078D4',
      'button-foreground': '#FFFFFF',
      'button-hoverBackground': '#026EC1',
      'button-border': '#ffffff1a',
      'button-secondaryBackground': '#00000000',
      'button-secondaryForeground': '#CCCCCC',
      'button-secondaryHoverBackground': '#2B2B2B',
      'charts-red': '#F14C4C',
      'charts-blue': '#59a4f9',
      'charts-yellow': '#CCA700',
      'charts-orange': '#d18616',
      'charts-green': '#89D185',
      'charts-purple': '#B180D7',
    },
  },
  light: {
    bodyClass: 'vscode-light',
    variables: {
      ...fonts,
      foreground: '#3B3B3B',
      descriptionForeground: '#3B3B3B',
      disabledForeground: 'rgba(97, 97, 97, 0.5)',
      errorForeground: '#F85149',
      focusBorder: '#005FB8',
      'editor-background': '#FFFFFF',
      'editorWidget-background': '#F8F8F8',
      'editorWidget-border': 'rgba(59, 59, 59, 0.2)',
      'editorHoverWidget-background': '#F8F8F8',
      'editorHoverWidget-border': 'rgba(59, 59, 59, 0.2)',
      'editorHoverWidget-foreground': '#3B3B3B',
      'widget-border': '#E5E5E5',
      'panel-border': '#E5E5E5',
      'textLink-foreground': '#005FB8',
      'progressBar-background': '#005FB8',
      'button-background': '#005FB8',
      'button-foreground': '#FFFFFF',
      'button-hoverBackground': '#0258A8',
      'button-border': '#0000001a',
      'button-secondaryBackground': '#E5E5E5',
      'button-secondaryForeground': '#3B3B3B',
      'button-secondaryHoverBackground': '#CCCCCC',
      'charts-red': '#E51400',
      'charts-blue': '#0063d3',
      'charts-yellow': '#BF8803',
      'charts-orange': '#d18616',
      'charts-green': '#388A34',
      'charts-purple': '#652D90',
    },
  },
  'high-contrast': {
    bodyClass: 'vscode-high-contrast',
    variables: {
      ...fonts,
      foreground: '#FFFFFF',
      descriptionForeground: 'rgba(255, 255, 255, 0.7)',
      disabledForeground: '#A5A5A5',
      errorForeground: '#F48771',
      focusBorder: '#F38518',
      contrastBorder: '#6FC3DF',
      contrastActiveBorder: '#F38518',
      'editor-background': '#000000',
      'editorWidget-background': '#0C141F',
      'editorWidget-border': '#6FC3DF',
      'editorHoverWidget-background': '#0C141F',
      'editorHoverWidget-border': '#6FC3DF',
      'editorHoverWidget-foreground': '#FFFFFF',
      'widget-border': '#6FC3DF',
      'panel-border': '#6FC3DF',
      'textLink-foreground': '#21A6FF',
      'progressBar-background': '#6FC3DF',
      'button-background': '#000000',
      'button-foreground': '#FFFFFF',
      'button-hoverBackground': '#000000',
      'button-border': '#6FC3DF',
      'button-secondaryForeground': '#FFFFFF',
      'charts-red': '#F48771',
      'charts-blue': '#59a4f9',
      'charts-yellow': '#FFD370',
      'charts-orange': '#AB5A00',
      'charts-green': '#89D185',
      'charts-purple': '#B180D7',
    },
  },
  'high-contrast-light': {
    bodyClass: 'vscode-high-contrast-light vscode-high-contrast',
    variables: {
      ...fonts,
      foreground: '#292929',
      descriptionForeground: 'rgba(41, 41, 41, 0.7)',
      disabledForeground: '#7F7F7F',
      errorForeground: '#B5200D',
      focusBorder: '#006BBD',
      contrastBorder: '#0F4A85',
      contrastActiveBorder: '#006BBD',
      'editor-background': '#FFFFFF',
      'editorWidget-background': '#FFFFFF',
      'editorWidget-border': '#0F4A85',
      'editorHoverWidget-background': '#FFFFFF',
      'editorHoverWidget-border': '#0F4A85',
      'editorHoverWidget-foreground': '#292929',
      'widget-border': '#0F4A85',
      'panel-border': '#0F4A85',
      'textLink-foreground': '#0F4A85',
      'progressBar-background': '#0F4A85',
      'button-background': '#0F4A85',
      'button-foreground': '#FFFFFF',
      'button-hoverBackground': '#0F4A85',
      'button-border': '#0F4A85',
      'button-secondaryBackground': '#FFFFFF',
      'button-secondaryForeground': '#292929',
      'charts-red': '#B5200D',
      'charts-blue': '#0063d3',
      'charts-yellow': '#895503',
      'charts-orange': '#0F4A85',
      'charts-green': '#374e06',
      'charts-purple': '#652D90',
    },
  },
};

/** As VS Code does it: variables on the html element's style, the kind of theme in the body's class. */
export function applyTheme(name: ThemeName): void {
  const { bodyClass, variables } = themes[name];
  document.documentElement.style.cssText = Object.entries(variables)
    .map(([key, value]) => `--vscode-${key}: ${value};`)
    .join(' ');
  document.body.className = bodyClass;
  document.body.dataset['vscodeThemeId'] = name;
}
