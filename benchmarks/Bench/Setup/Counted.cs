using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Bench.Setup;

/// <summary>Follows a counter of some hosts, as an exporter would: nothing is asked of the database while it is measured.</summary>
internal sealed class Counted : IDisposable
{
    // Several times what a slow hour has needed for the largest of all waits.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly MeterListener _listener = new();
    private readonly HashSet<object> _scopes = [];
    private readonly Lock _lock = new();
    private long _count;
    private long _goal = long.MaxValue;
    private TaskCompletionSource _reached = new();

    public Counted(string meter, string instrument)
    {
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Meter.Name == meter && published.Name == instrument && published.Meter.Scope is { } scope && _scopes.Contains(scope))
            {
                listener.EnableMeasurementEvents(published);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Add(value));
        _listener.Start();
    }

    /// <summary>Counts for a host too, which must not have been started yet.</summary>
    public void Follow(IServiceProvider services) => _scopes.Add(services.GetRequiredService<IMeterFactory>());

    public long Count => Interlocked.Read(ref _count);

    /// <summary>Completes when the counter has reached <paramref name="goal"/>.</summary>
    /// <exception cref="TimeoutException">It has not within ten minutes.</exception>
    public Task ReachedAsync(long goal, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _goal = goal;
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        Add(0);
        return _reached.Task.WaitAsync(Patience, cancellationToken);
    }

    public void Dispose() => _listener.Dispose();

    private void Add(long value)
    {
        lock (_lock)
        {
            _count += value;
            if (_count >= _goal)
            {
                _reached.TrySetResult();
            }
        }
    }
}
