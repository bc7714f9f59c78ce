using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>Stops the process with exit code 1 over a fault that only an operator can mend. Without this the host would
/// stop with exit code 0, and a supervisor would think that all is well.</summary>
public sealed partial class FatalFault(IHostApplicationLifetime lifetime, ILogger<FatalFault> logger)
{
    /// <summary>Logs <paramref name="reason"/> as critical and begins the shutdown, with the exit code set.</summary>
    public void Stop(string reason)
    {
        LogFatal(reason);
        Environment.ExitCode = 1;
        lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The service stops, since it cannot run like this: {Reason}")]
    private partial void LogFatal(string reason);
}
