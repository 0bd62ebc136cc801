import { Component, type ReactNode } from "react";
import { ErrorState } from "./states";

/** Shows what went wrong instead of an empty page: a fault of ours, or a part that did not load. */
export class ErrorBoundary extends Component<
  { children: ReactNode; resetKey: string },
  { error?: Error; failedAt?: string }
> {
  override state: { error?: Error; failedAt?: string } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidUpdate(before: { resetKey: string }) {
    if (this.state.error && before.resetKey !== this.props.resetKey)
      this.setState({ error: undefined });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    // After a new version was put in place, the old one's parts are gone: a reload gets the new.
    const isPart = /dynamically imported module|Importing a module|Unable to preload CSS/.test(
      error.message,
    );
    const why = navigator.onLine
      ? "There is a new version of this page. Please load it."
      : "This page could not be loaded. Are you online?";
    return (
      <ErrorState
        error={isPart ? new Error(why) : error}
        onRetry={() => window.location.reload()}
      />
    );
  }
}
