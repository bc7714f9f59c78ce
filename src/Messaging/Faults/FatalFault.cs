using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>Stops the process with exit code 1 over a fault that only an operator can mend. Without this the host would
/// stop with exit code 0, and a supervisor would think that all is well.</summary>
internal sealed partial class FatalFault(IHostApplicationLifetime lifetime, ILogger<FatalFault> logger)
{
    public void Stop(Exception exception)
    {
        LogFatal(exception.Message);
        Environment.ExitCode = 1;
        lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The service stops, since it cannot run like this: {Reason}")]
    private partial void LogFatal(string reason);
}
