/** Our version, where peers, trackers and users see it; a test holds it equal to package.json's. */
export const VERSION = '0.1.0'
