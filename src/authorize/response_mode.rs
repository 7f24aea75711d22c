//! How does the answer travel?
//!
//! [OAuth 2.0 Multiple Response Types §2.1](https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes)

use super::RequestRefusal;
use crate::value::ResponseMode;
use crate::wire::AuthorizationRequest;

/// The response mode; in the query, unless another one is named.
pub(super) fn read(request: &AuthorizationRequest<'_>) -> Result<ResponseMode, RequestRefusal> {
    let Some(text) = request.get("response_mode")? else { return Ok(ResponseMode::default()) };
    let known = [ResponseMode::Query, ResponseMode::FormPost];
    known.into_iter().find(|mode| mode.as_str() == text).ok_or(RequestRefusal::ResponseModeUnsupported)
}
