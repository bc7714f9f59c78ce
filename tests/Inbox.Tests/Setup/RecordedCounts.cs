using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Messaging;

namespace Inbox.Tests;

/// <summary>The counters of one consumer process.</summary>
internal sealed class RecordedCounts : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _counts = new();

    public RecordedCounts(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Telemetry.InboxMeterName && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, measurement, _, _) =>
            _counts.AddOrUpdate(instrument.Name, measurement, (_, sum) => sum + measurement));
        _listener.Start();
    }

    public long this[string instrument] => _counts.GetValueOrDefault(instrument);

    public void Dispose() => _listener.Dispose();
}
