using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Outbox.Tests;

/// <summary>Listens to the relay's meters, as an exporter would; made before the relay is started.</summary>
public sealed class Measurements : IDisposable
{
    private readonly ConcurrentDictionary<(object? Scope, string Name), double> _sums = new();
    private readonly MeterListener _listener = new();

    public Measurements()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Telemetry.OutboxMeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Take(instrument, value));
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Take(instrument, value));
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Take(instrument, value));
        _listener.Start();
    }

    /// <summary>The sum of a counter, the last value of a gauge; null if it has said nothing.</summary>
    public double? Of(RelayUnderTest relay, string name)
    {
        _listener.RecordObservableInstruments();
        return _sums.TryGetValue((relay.Services.GetRequiredService<IMeterFactory>(), name), out var value) ? value : null;
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value) => _sums.AddOrUpdate(
        (instrument.Meter.Scope, instrument.Name), value, (_, sum) => instrument.IsObservable ? value : sum + value);
}
