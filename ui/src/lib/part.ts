/**
 * Loads a part of the app when it is needed. Without a connection it is waited
 * for: the page shows its skeleton under the notice, and goes on by itself.
 */
export const part = <T>(load: () => Promise<T>) => async (): Promise<T> => {
  try {
    return await load();
  } catch (error) {
    if (navigator.onLine) throw error; // gone from the server: there is a newer version
    await new Promise((back) => addEventListener('online', back, { once: true }));
    return load();
  }
};
