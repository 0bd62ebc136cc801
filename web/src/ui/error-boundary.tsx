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
    const isOld = /dynamically imported module|Importing a module/.test(error.message);
    return (
      <ErrorState
        error={isOld ? new Error("There is a new version of this page. Please load it.") : error}
        onRetry={() => window.location.reload()}
      />
    );
  }
}
