using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>A logger that never throws, for what handlers have thrown: an exception that cannot be put into words makes a provider throw
/// that tries to. A message must not be lost, or done again, over a line in a log.</summary>
internal sealed class CarefulLogger<T>(ILogger<T> logger) : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!TryLog(logLevel, eventId, state, exception, formatter) && exception is not null)
        {
            TryLog(logLevel, eventId, state, new WordlessException(exception), formatter);
        }
    }

    private bool TryLog<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
            return true;
        }
        catch (Exception)
        {
            // There is no other place to say so.
            return false;
        }
    }
}
