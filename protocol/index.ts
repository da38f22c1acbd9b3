/** The one barrel: what every world may know of every other. */
export * from './acceleration';
export * from './bottleneck-method';
export * from './config';
export * from './control';
export * from './errors';
export * from './events';
export * from './hub';
export * from './metrics';
export * from './nearest-name';
export * from './panel-messages';
export * from './parse-config';
export * from './problems';
export * from './recommended-settings';
export * from './run-record';
export * from './run-state';
export * from './virtual-token-methods';
