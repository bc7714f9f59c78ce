using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Outbox.Tests;

/// <summary>Listens to the relay's meters, as an exporter would; made before the relay is started.</summary>
public sealed class Measurements : IDisposable
{
    private readonly ConcurrentDictionary<(object? Scope, string Name), double> _sums = new();
    private readonly ConcurrentDictionary<(object? Scope, string Name), double> _gauges = new();
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

    /// <summary>The sum of a counter, what a gauge says now; null if it says nothing.</summary>
    public double? Of(RelayUnderTest relay, string name)
    {
        _gauges.Clear();
        _listener.RecordObservableInstruments();
        var instrument = ((object?)relay.Services.GetRequiredService<IMeterFactory>(), name);
        return _sums.TryGetValue(instrument, out var value) || _gauges.TryGetValue(instrument, out value) ? value : null;
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value)
    {
        var said = ((object?)instrument.Meter.Scope, instrument.Name);
        if (instrument.IsObservable)
        {
            _gauges[said] = value;
        }
        else
        {
            _sums.AddOrUpdate(said, value, (_, sum) => sum + value);
        }
    }
}
