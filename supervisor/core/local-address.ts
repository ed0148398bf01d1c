/** All addresses of the machine are none that can be asked: its own takes their place. */
export function localAddress(url: string): string {
  return url.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]');
}
